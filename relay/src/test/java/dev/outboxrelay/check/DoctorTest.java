package dev.outboxrelay.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.check.NatsFacts.Account;
import dev.outboxrelay.check.NatsFacts.Monitor;
import dev.outboxrelay.check.NatsFacts.Stream;
import dev.outboxrelay.check.NatsFacts.User;
import dev.outboxrelay.check.PostgresFacts.Attempt;
import dev.outboxrelay.check.PostgresFacts.Contents;
import dev.outboxrelay.check.PostgresFacts.Policy;
import dev.outboxrelay.check.PostgresFacts.Setting;
import dev.outboxrelay.event.TableName;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decisions that no server of a test can be brought to, and those with many cases. */
final class DoctorTest {

    private final Facts facts = new Facts();

    private Result of(Check check) {
        return facts.examine(check);
    }

    private void is(Check check, Status status, String... words) {
        Result result = of(check);
        assertThat(result.status()).as(result.toString()).isEqualTo(status);
        for (String word : words) {
            assertThat(result.toString()).contains(word);
        }
    }

    @Test
    void every_check_is_decided_once_and_in_its_order_whatever_can_be_reached() {
        EnumSet<Check> all = EnumSet.allOf(Check.class);
        for (boolean postgres : new boolean[] {true, false}) {
            for (boolean nats : new boolean[] {true, false}) {
                Report report = Doctor.examine(
                        facts.settings(),
                        postgres ? End.of(facts.postgres()) : End.away("08001", "nobody"),
                        nats ? End.of(facts.natsFacts()) : End.away(End.Failure.AWAY, "nobody"),
                        all);

                assertThat(report.results()).extracting(Result::check).containsExactly(Check.values());
                assertThat(report.isFine()).isEqualTo(postgres && nats && report.count(Status.FAIL) == 0);
            }
        }
    }

    @Test
    void an_old_and_an_untried_version_of_postgres() {
        is(Check.POSTGRES_VERSION, Status.PASS);
        facts.version = 140_011;
        is(Check.POSTGRES_VERSION, Status.FAIL, "older than 15");
        facts.version = 190_001;
        is(Check.POSTGRES_VERSION, Status.WARN, "newer than 18");
    }

    @Test
    void a_standby() {
        facts.standby = true;
        is(
                Check.POSTGRES_PRIMARY,
                Status.FAIL,
                "outbox.postgres.url: jdbc:postgresql://PRIMARY:5432,STANDBY:5432/shop");
    }

    @ParameterizedTest
    @CsvSource({"2.9.10, FAIL", "2.10.0, PASS", "2.12.1-RC.1, PASS", "3.0.0, PASS", "1.4.1, FAIL", "main, SKIPPED"})
    void versions_of_nats(String version, Status status) {
        facts.nats = Facts.server(version, false, true);
        is(Check.NATS_VERSION, status);
    }

    @Test
    void a_connection_that_is_not_encrypted_matters_where_it_leaves_the_machine() {
        facts.nats = Facts.server("2.12.0", false, true);
        is(Check.NATS_TLS, Status.PASS);
        facts.nats = Facts.server("2.12.0", false, false);
        is(Check.NATS_TLS, Status.WARN, "outbox.nats.url: tls://n1:4222", "cert_file");
        facts.nats = Facts.server("2.12.0", true, false);
        is(Check.NATS_TLS, Status.PASS);
    }

    @Test
    void a_certificate_that_nobody_here_trusts_is_no_missing_server() {
        Report report = Doctor.examine(
                facts.settings(),
                End.of(facts.postgres()),
                End.away(End.Failure.TLS, "PKIX path building failed"),
                EnumSet.of(Check.NATS_CONNECTION, Check.NATS_CREDENTIALS, Check.NATS_TLS, Check.JETSTREAM));

        assertThat(report.results())
                .extracting(Result::status)
                .containsExactly(Status.PASS, Status.SKIPPED, Status.FAIL, Status.SKIPPED);
        assertThat(report.results().get(2).toString()).contains("outbox.nats.tls.ca-file: /path/to/ca.pem");
    }

    @Test
    void credentials_that_end_soon() {
        facts.user = Seen.of(new User("relay", "RELAY", null, List.of(), Duration.ofDays(3)));
        is(Check.NATS_CREDENTIALS, Status.WARN, "expire in 72 hours");
    }

    @Test
    void a_user_who_may_publish_for_the_tenants_that_there_are() {
        facts.contents.add(new Contents(
                TableName.OUTBOX_MESSAGE, "payload", Seen.of(new Contents.Rows(List.of("acme", "globex"), 10))));
        facts.user = Seen.of(new User("relay", "RELAY", List.of("tenant.acme.>"), List.of(), null));
        is(Check.PUBLISH_PERMISSIONS, Status.FAIL, "tenant.globex.>");
        facts.user = Seen.of(new User("relay", "RELAY", List.of("tenant.acme.>", "tenant.globex.>"), List.of(), null));
        is(Check.PUBLISH_PERMISSIONS, Status.WARN, "not for every one that may come");
        facts.user = Seen.of(new User("relay", "RELAY", List.of(">"), List.of("tenant.acme.secret"), null));
        is(Check.PUBLISH_PERMISSIONS, Status.FAIL, "tenant.acme.>");
        facts.user = Seen.hidden("no answer");
        is(Check.PUBLISH_PERMISSIONS, Status.SKIPPED, "$SYS.REQ.USER.INFO");
    }

    @Test
    void a_slot_that_is_about_to_be_lost() {
        facts.slot = Facts.slot("unreserved", null);
        is(Check.SLOT_WAL, Status.WARN, "ALTER SYSTEM SET max_slot_wal_keep_size = '32GB';", "pg_reload_conf");
    }

    @Test
    void several_servers_before_version_17_and_without_a_standby_slot_after_it() {
        facts.texts.put("outbox.postgres.url", "jdbc:postgresql://db1:5432,db2:5432/shop");
        facts.slot = Facts.slot("reserved", null);
        is(Check.FAILOVER_SLOT, Status.WARN, "before PostgreSQL 17");
        facts.slot = Facts.slot("reserved", true);
        is(Check.FAILOVER_SLOT, Status.PASS);
        is(Check.STANDBY_SLOTS, Status.WARN, "synchronized_standby_slots is empty");
    }

    @Test
    void a_setting_of_the_database_alone_is_taken_back_there() {
        facts.settings.put("wal_sender_timeout", new Setting("0", "ms", "database"));
        is(Check.WAL_SENDER_TIMEOUT, Status.WARN, "ALTER DATABASE shop RESET wal_sender_timeout;");
        facts.settings.put("wal_sender_timeout", new Setting("0", "ms", "database user"));
        is(Check.WAL_SENDER_TIMEOUT, Status.WARN, "ALTER ROLE outbox_relay IN DATABASE shop RESET wal_sender_timeout;");
    }

    @Test
    void row_level_security_that_lets_everything_through_something_or_nothing() {
        Policy all = new Policy("all", true, "*", "true", null);
        facts.message = Facts.secured();
        is(Check.ROW_SECURITY, Status.FAIL, "hides every row from SELECT, UPDATE");
        facts.message = Facts.secured(all);
        is(Check.ROW_SECURITY, Status.PASS);
        facts.message = Facts.secured(new Policy("read", true, "r", "true", null));
        is(Check.ROW_SECURITY, Status.WARN, "for UPDATE cannot be told", "CREATE POLICY");
        facts.message = Facts.secured(all, new Policy("own", false, "*", "(tenant_id = 'a')", null));
        is(Check.ROW_SECURITY, Status.WARN, "restrictive");
    }

    @Test
    void statements_that_waited_for_a_lock_tell_nothing() {
        Need need = Need.of(facts.settings()).get(0);
        facts.attempts.add(new Attempt("SELECT on outbox.message", need, null, null));
        is(Check.WRITES_TRIED, Status.PASS, "1 statements");
        facts.attempts.add(
                new Attempt("UPDATE on outbox.message", need, "55P03", "canceling statement due to lock timeout"));
        is(Check.WRITES_TRIED, Status.SKIPPED, "pg_locks");
        facts.attempts.add(new Attempt("UPDATE on outbox.message", need, "42501", "permission denied"));
        is(Check.WRITES_TRIED, Status.FAIL, "GRANT SELECT ON outbox.message TO outbox_relay;");
    }

    @Test
    void limits_of_the_account_are_warned_of_before_they_are_reached() {
        facts.account = Seen.of(new Account(79, 100, 0, -1, 0, 0, -1, false, 0));
        is(Check.ACCOUNT_STREAMS, Status.PASS);
        facts.account = Seen.of(new Account(80, 100, 0, -1, 0, 0, -1, false, 0));
        is(Check.ACCOUNT_STREAMS, Status.WARN, "max_streams: 320");
        facts.account = Seen.of(new Account(1, -1, 0, -1, 10, 10, 1_000, true, 0));
        is(Check.ACCOUNT_STORAGE, Status.FAIL, "outbox.streams.max-bytes: 1GB");
    }

    @Test
    void what_only_the_monitoring_endpoint_tells_is_skipped_without_it() {
        is(Check.MAX_HA_ASSETS, Status.SKIPPED, "nats server report jetstream");
        facts.monitor = Seen.of(new Monitor(0, 0, 1_000, 90, true, 100, Duration.ofSeconds(30)));
        is(Check.MAX_HA_ASSETS, Status.WARN);
        is(Check.DUPLICATE_WINDOW, Status.FAIL, "limits { duplicate_window: \"2m\" }");
        facts.monitor = Seen.of(new Monitor(0, 0, 1_000, 100, true, 100, Duration.ZERO));
        is(Check.MAX_HA_ASSETS, Status.FAIL);
        facts.monitor = Seen.of(new Monitor(0, 0, 1_000, 100, true, 0, Duration.ZERO));
        is(Check.MAX_HA_ASSETS, Status.PASS, "no limit");
        facts.monitor = Seen.of(new Monitor(0, 0, 1_000, 100, false, 0, Duration.ZERO));
        is(Check.MAX_HA_ASSETS, Status.SKIPPED, "max_ha_assets");
    }

    @Test
    void subjects_of_tenants_belong_to_their_own_streams() {
        stream("TENANT_ACME", "acme", "tenant.acme.>", "elsewhere");
        stream("ORDERS", null, "orders.>", "tenants.a.b", "tenant");
        is(Check.STREAM_SUBJECTS, Status.PASS);
        stream("TENANT_GLOBEX", "globex", "tenant.globex.>", "tenant.acme.old");
        is(Check.STREAM_SUBJECTS, Status.FAIL, "nats stream edit TENANT_GLOBEX --subjects='tenant.globex.>' -f");
        facts.streams.clear();
        stream("AUDIT", null, "*.acme.>");
        is(Check.STREAM_SUBJECTS, Status.FAIL, "nats stream edit AUDIT --subjects='AUDIT.>' -f");
        facts.streams.clear();
        stream("TENANT_ACME", "acme", "tenant.*.a");
        is(Check.STREAM_SUBJECTS, Status.FAIL);
    }

    private void stream(String name, @Nullable String tenant, String... subjects) {
        facts.streams.add(new Stream(name, List.of(subjects), tenant, tenant, null, 1, Seen.hidden("not asked for")));
    }

    @ParameterizedTest
    @CsvSource({
        "a.b, a.b, true, true",
        "a.*, a.b, true, true",
        "a.b, a.*, true, false",
        "a.>, a.b.c, true, true",
        "a.>, a, false, false",
        "a.b.c, a.>, true, false",
        ">, a, true, true",
        "a.b, a.c, false, false",
        "*.b, a.*, true, false",
        "a.*.>, a.b, false, false"
    })
    void subjects_as_sets(String one, String other, boolean overlap, boolean covers) {
        assertThat(Subjects.overlap(one, other)).isEqualTo(overlap);
        assertThat(Subjects.overlap(other, one)).isEqualTo(overlap);
        assertThat(Subjects.covers(one, other)).isEqualTo(covers);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"outbox_relay|outbox_relay", "Order|\"Order\"", "user|\"user\"", "a\"b|\"a\"\"b\"", "a-b|\"a-b\""})
    void names_are_quoted_where_they_have_to_be(String name, String quoted) {
        assertThat(SqlText.name(name)).isEqualTo(quoted);
    }

    @Test
    void texts_and_arguments_are_quoted() {
        assertThat(SqlText.text("o'brien")).isEqualTo("'o''brien'");
        assertThat(SqlText.shell("a b'c")).isEqualTo("'a b'\\''c'");
        assertThat(SqlText.shell("TENANT_ACME")).isEqualTo("TENANT_ACME");
    }
}

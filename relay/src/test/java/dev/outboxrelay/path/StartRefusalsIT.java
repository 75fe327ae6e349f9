package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.check.Check;
import dev.outboxrelay.check.Doctor;
import dev.outboxrelay.check.End;
import dev.outboxrelay.check.NatsFacts;
import dev.outboxrelay.check.PostgresFacts;
import dev.outboxrelay.check.Result;
import dev.outboxrelay.check.Status;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.publish.NatsRefused;
import dev.outboxrelay.slot.PostgresLook;
import dev.outboxrelay.streams.NatsLook;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/**
 * What keeps the relay from starting is said at once, with what mends it; and what it says is done here to the letter,
 * after which it starts and delivers.
 */
final class StartRefusalsIT {

    private static TestNats nats;
    private static Connection client;
    private static int databases;

    private Outbox outbox;

    @BeforeAll
    static void startNats() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
    }

    @AfterAll
    static void stopNats() {
        nats.close();
    }

    @BeforeEach
    void create() throws SQLException {
        outbox = Outbox.create("refusals_" + databases++);
    }

    @AfterEach
    void drop() throws Exception {
        for (String stream : client.jetStreamManagement().getStreamNames()) {
            client.jetStreamManagement().deleteStream(stream);
        }
        outbox.close();
    }

    private void dropSlot() throws SQLException {
        outbox.execute("SELECT pg_drop_replication_slot('" + outbox.slot() + "')");
    }

    @Test
    void a_wrong_password() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of("outbox.postgres.password", "hunter2"));

        String problem = onlyProblem(settings);

        assertThat(problem)
                .contains(
                        outbox.url(),
                        "outbox_relay",
                        "password authentication failed",
                        "outbox.postgres.url, .user and .password")
                .doesNotContain("hunter2");
        settings.put("outbox.postgres.password", outbox.postgres().password(TestPostgres.RELAY));
        assertStarts(settings);
    }

    @Test
    void a_sidecar_waits_until_it_is_mended() throws Exception {
        dropSlot();
        Map<String, String> settings = outbox.settings(nats, Map.of("outbox.ha.on-refusal", "wait"));
        String password = settings.get("outbox.postgres.password");
        outbox.execute("ALTER ROLE outbox_relay PASSWORD 'another'");
        try (RelayRig rig = RelayRig.start(settings)) {
            Await.until(
                    "it says that the password is wrong",
                    () -> String.valueOf(rig.relay().status().source().lastError())
                            .contains("password authentication failed"));

            outbox.execute("ALTER ROLE outbox_relay PASSWORD '" + password + "'");

            Await.until(
                    "it says that the slot is missing",
                    () -> String.valueOf(rig.relay().status().source().lastError())
                            .contains(outbox.slot()));

            outbox.execute("SELECT pg_create_logical_replication_slot('" + outbox.slot() + "', 'pgoutput')");

            rig.awaitStreaming();
            Row row = Row.of("acme");
            outbox.insert(row);
            Await.until("rows go through", () -> Streams.ids(client, "acme").contains(row.id()));
        } finally {
            outbox.execute("ALTER ROLE outbox_relay PASSWORD '" + password + "'");
        }
    }

    @Test
    void a_database_that_does_not_exist() throws Exception {
        Map<String, String> settings = outbox.settings(
                nats, Map.of("outbox.postgres.url", SharedPostgres.get().jdbcUrl("nowhere")));

        assertThat(onlyProblem(settings)).contains("\"nowhere\" does not exist", "outbox.postgres.url");
    }

    @Test
    void a_role_that_may_not_stream() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        outbox.execute("ALTER ROLE outbox_relay NOREPLICATION");
        try {
            String problem = onlyProblem(settings);

            assertThat(problem).contains("role outbox_relay may not stream the WAL");
            mend(problem);
            assertStarts(settings);
        } finally {
            outbox.execute("ALTER ROLE outbox_relay REPLICATION");
        }
    }

    @Test
    void wal_level_replica_and_then_a_lost_slot() throws Exception {
        try (TestPostgres own = TestPostgres.start(SharedPostgres.options().with("wal_level", "replica"))) {
            Outbox wal = Outbox.withoutSlots(own, "wal");
            Map<String, String> settings = wal.settings(nats, Map.of());

            List<String> problems = problems(settings);

            assertThat(problems).hasSize(2);
            assertThat(problems.get(0)).contains("wal_level is replica", "restart PostgreSQL");
            mend(problems.get(0), wal);
            own.restart();
            mend(onlyProblem(settings), wal);
            assertStarts(settings, wal);

            wal.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
            own.execute("SELECT pg_reload_conf()");
            Await.until("the slot is lost", () -> {
                wal.execute("CREATE TABLE filler AS SELECT repeat('x', 100)");
                wal.execute("DROP TABLE filler");
                wal.execute("SELECT pg_switch_wal()");
                wal.execute("CHECKPOINT");
                return "lost".equals(superuser(wal, "SELECT wal_status FROM pg_replication_slots"));
            });
            String lost = onlyProblem(settings);

            assertThat(lost)
                    .contains("replication slot relay_wal is lost", "max_slot_wal_keep_size", "still in the table");
            mend(lost, wal);
            // it would be lost again, as check says
            assertThat(failing(settings)).containsExactly(Check.MAX_SLOT_WAL_KEEP_SIZE);
            wal.execute("ALTER SYSTEM RESET max_slot_wal_keep_size");
            own.execute("SELECT pg_reload_conf()");
            Await.until("the setting counts", () -> failing(settings).isEmpty());
            assertStarts(settings, wal);
        }
    }

    @Test
    void a_missing_publication() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        outbox.execute("DROP PUBLICATION outbox");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("publication outbox does not exist in database " + outbox.database());
        mend(problem);
        if (outbox.version() < 18) {
            String gap = onlyProblem(settings);
            assertThat(gap).contains("slot " + outbox.slot() + " stands before publication outbox was created");
            mend(gap);
        }
        assertStarts(settings);
        assertThat(superuser(
                        outbox,
                        "SELECT string_agg(tablename || ': ' || array_to_string(attnames, ','), '; ' ORDER BY tablename)"
                                + " FROM pg_publication_tables"))
                .isEqualTo("message: id,tenant_id,subject,payload,headers; policy_change: object,key,policy,xact");
    }

    @Test
    void a_publication_without_inserts() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        outbox.execute("ALTER PUBLICATION outbox SET (publish = 'update')");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("publication outbox does not publish inserts");
        mend(problem);
        assertStarts(settings);
    }

    @Test
    void a_column_missing_in_the_publication() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        outbox.execute(
                "ALTER PUBLICATION outbox SET TABLE outbox.message (id, tenant_id, payload) WHERE (tenant_id <> 'b')");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("does not publish these columns of outbox.message: subject, headers");
        mend(problem);
        assertThat(superuser(outbox, "SELECT rowfilter FROM pg_publication_tables WHERE tablename = 'message'"))
                .as("it may be this relay's share of the tenants")
                .contains("tenant_id <> 'b'");
        assertStarts(settings);
    }

    @Test
    void a_mapped_table_that_is_not_published_and_not_granted() throws Exception {
        Map<String, String> settings = outbox.settings(
                nats,
                Map.of(
                        "outbox.source.tables[0].table", "Shop.Outbox",
                        "outbox.source.tables[0].tenant-column", "tenantId"));
        outbox.execute("CREATE SCHEMA \"Shop\"; CREATE TABLE \"Shop\".\"Outbox\""
                + " (id uuid, \"tenantId\" text, aggregatetype text, aggregateid text, type text, payload jsonb)");

        List<String> problems = problems(settings);

        assertThat(problems).hasSize(3);
        assertThat(problems.get(0))
                .contains("publication outbox does not publish table Shop.Outbox")
                .contains("ADD TABLE \"Shop\".\"Outbox\" (id, \"tenantId\", aggregatetype, type, payload);");
        assertThat(problems.get(1)).contains("role outbox_relay may not look into schema \"Shop\"");
        assertThat(problems.get(2)).contains("role outbox_relay has no SELECT on");
        for (String problem : problems) {
            mend(problem);
        }
        assertStarts(settings);
    }

    @Test
    void a_mapped_table_without_a_column_that_its_mapping_reads() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of("outbox.source.tables[0].table", "shop.outbox"));
        outbox.execute("CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO outbox_relay; CREATE TABLE shop.outbox"
                + " (id uuid, tenant text, aggregatetype text, aggregateid text, type text, payload jsonb);"
                + " GRANT SELECT ON shop.outbox TO outbox_relay; ALTER PUBLICATION outbox ADD TABLE shop.outbox");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("shop.outbox", "tenant_id", "outbox.source.tables");
        settings.put("outbox.source.tables[0].tenant-column", "tenant");
        assertStarts(settings);
    }

    @Test
    void a_table_without_the_columns_that_a_mark_writes() throws Exception {
        Map<String, String> settings = outbox.settings(
                nats,
                Map.of("outbox.source.tables[0].table", "shop.outbox", "outbox.source.tables[0].preset", "native"));
        outbox.execute("CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO outbox_relay; CREATE TABLE shop.outbox"
                + " (id uuid, tenant_id text, subject text, payload bytea, headers jsonb);"
                + " GRANT SELECT ON shop.outbox TO outbox_relay; ALTER PUBLICATION outbox ADD TABLE shop.outbox");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("table shop.outbox does not have", "status, published_at", "settle");
        settings.put("outbox.source.tables[0].settle", "keep");
        assertStarts(settings);
    }

    @Test
    void a_right_to_another_column_than_those_that_a_mark_writes() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        outbox.execute("REVOKE UPDATE (status, published_at) ON outbox.message FROM outbox_relay;"
                + " GRANT UPDATE (headers) ON outbox.message TO outbox_relay");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("role outbox_relay has no UPDATE (status, published_at) on outbox.message");
        mend(problem);
        assertStarts(settings);
    }

    /** Decoding does not know it: without this the events would go out and never be marked. */
    @Test
    void row_level_security_that_hides_the_outbox() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        outbox.execute("ALTER TABLE outbox.message ENABLE ROW LEVEL SECURITY;"
                + " CREATE POLICY writes ON outbox.message FOR INSERT TO outbox_writer WITH CHECK (true)");
        outbox.execute("ALTER TABLE outbox.tenant ENABLE ROW LEVEL SECURITY");

        List<String> problems = problems(settings);

        assertThat(problems).hasSize(2);
        assertThat(problems.get(0))
                .contains("row-level security on outbox.message hides every row from role outbox_relay");
        assertThat(problems.get(1)).contains("row-level security on outbox.tenant");
        for (String problem : problems) {
            mend(problem);
        }
        assertStarts(settings);
        // the owner sees them, and nobody else than the relay has marked them
        try (java.sql.Connection owner = outbox.superuser()) {
            Await.until("rows are marked", () -> count(owner, "status = 'published'") == 2);
        }
    }

    private static int count(java.sql.Connection connection, String where) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT count(*) FROM outbox.message WHERE " + where)) {
            row.next();
            return row.getInt(1);
        }
    }

    @Test
    void the_keys_of_emitted_events_that_the_relay_may_not_read() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        outbox.execute("REVOKE SELECT ON outbox.emit_key FROM outbox_relay");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("role outbox_relay has no SELECT on outbox.emit_key");
        mend(problem);
        assertStarts(settings);
    }

    @Test
    void a_missing_slot() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        dropSlot();

        String problem = onlyProblem(settings);

        assertThat(problem).contains("replication slot " + outbox.slot() + " does not exist");
        mend(problem);
        assertStarts(settings);
    }

    @Test
    void a_slot_of_another_kind() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        dropSlot();
        outbox.execute("SELECT pg_create_physical_replication_slot('" + outbox.slot() + "')");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("replication slot " + outbox.slot() + " is not a logical slot of plugin pgoutput");
        mend(problem);
        assertStarts(settings);
    }

    @Test
    void a_slot_of_another_database() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        try (Outbox other = Outbox.withoutSlots(SharedPostgres.get(), "refusals_" + databases++)) {
            settings.put("outbox.postgres.url", other.url());

            String problem = onlyProblem(settings);

            assertThat(problem)
                    .contains("slot " + outbox.slot() + " belongs to database " + outbox.database())
                    .contains("not to " + other.database(), "set outbox.postgres.slot");
            mend(problem, other);
            assertStarts(settings, other);
        }
    }

    @Test
    void nothing_installed_is_said_at_once_and_the_schema_mends_it() throws Exception {
        SharedPostgres.get().createDatabase("refusals_empty");
        Map<String, String> settings = outbox.settings(nats, Map.of());
        settings.put("outbox.postgres.url", SharedPostgres.get().jdbcUrl("refusals_empty"));
        settings.put("outbox.postgres.slot", "outbox_relay");

        List<String> problems = problems(settings);

        assertThat(problems).anyMatch(problem -> problem.contains("publication outbox does not exist"));
        assertThat(problems).anyMatch(problem -> problem.contains("slot outbox_relay does not exist"));
        assertThat(problems).anyMatch(problem -> problem.contains("table outbox.message does not exist"));
        assertThat(problems)
                .filteredOn(problem -> problem.contains("schema/V1__outbox.sql"))
                .isNotEmpty();
        SharedPostgres.get().installSchema("refusals_empty");
        SharedPostgres.get()
                .execute("refusals_empty", Files.readString(Repository.root().resolve("schema/slot.sql")));
        try (RelayRig rig = RelayRig.start(settings)) {
            rig.awaitStreaming();
        }
        SharedPostgres.get().execute("postgres", "SELECT pg_drop_replication_slot('outbox_relay')");
        SharedPostgres.get().execute("postgres", "DROP DATABASE refusals_empty WITH (FORCE)");
    }

    @Test
    void a_table_of_dead_letters_of_an_earlier_version() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        outbox.execute("ALTER TABLE outbox.dead_letter DROP COLUMN mark_due, DROP COLUMN replay_subject,"
                + " DROP COLUMN replay_headers; DROP INDEX outbox.dead_letter_backlog, outbox.dead_letter_dead,"
                + " outbox.dead_letter_replaying; CREATE INDEX dead_letter_tenant_state ON outbox.dead_letter (slot)");

        String problem = onlyProblem(settings);

        assertThat(problem).contains("outbox.dead_letter", outbox.database(), "no column mark_due");
        assertThat(problem).contains("run schema/V3__parking.sql there");
        outbox.execute(Files.readString(Repository.root().resolve("schema/V3__parking.sql")));
        assertStarts(settings);
    }

    @Test
    void a_slot_in_use_is_waited_for() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        Properties properties = new Properties();
        // not of the relay's own role: that would be an earlier leader, which a new one may end
        outbox.execute("CREATE ROLE other_reader LOGIN REPLICATION PASSWORD 'only for this test'");
        properties.setProperty("user", "other_reader");
        properties.setProperty("password", "only for this test");
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "15");
        var other = DriverManager.getConnection(outbox.url(), properties);
        var stream = other.unwrap(PGConnection.class)
                .getCopyAPI()
                .copyDual("START_REPLICATION SLOT " + outbox.slot()
                        + " LOGICAL 0/0 (proto_version '1', publication_names 'outbox')");
        try (RelayRig rig = RelayRig.start(settings)) {
            Await.until(
                    "it says who has the slot",
                    () -> String.valueOf(rig.relay().status().source().lastError())
                            .contains("replication slot " + outbox.slot() + " is in use by backend"));
            assertThat(rig.relay().status().source().connected()).isFalse();
            assertThat(stream.isActive()).isTrue();

            other.close();

            Row row = Row.of("acme");
            outbox.insert(row);
            Await.until(
                    "it came back by itself", () -> Streams.ids(client, "acme").equals(List.of(row.id())));
        } finally {
            other.close();
        }
    }

    @Test
    void a_server_without_jetstream() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        try (TestNats without = TestNats.start(NatsOptions.defaults().withoutJetStream())) {
            settings.put("outbox.nats.url", without.url());

            String problem = onlyProblem(settings);

            assertThat(problem).contains("NATS at " + without.url() + " runs without JetStream", "start it with -js");
        }
        settings.put("outbox.nats.url", nats.url());
        assertStarts(settings);
    }

    @Test
    void three_replicas_on_a_single_server() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of("outbox.streams.replicas", "3"));

        String problem = onlyProblem(settings);

        assertThat(problem)
                .contains("outbox.streams.replicas is 3", nats.url() + " is a single server")
                .contains("set outbox.streams.replicas: 1");
        settings.put("outbox.streams.replicas", "1");
        assertStarts(settings);
    }

    @Test
    void a_nats_server_that_wants_a_password() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        NatsOptions closed = NatsOptions.defaults()
                .with("authorization { user: relay, password: letmein }")
                .connectingAs("relay", "letmein");
        try (TestNats wants = TestNats.start(closed)) {
            settings.put("outbox.nats.url", wants.url());

            assertThat(onlyProblem(settings))
                    .contains(wants.url(), "refuses the relay", "outbox.nats.credentials-file");
        }
    }

    private static String onlyProblem(Map<String, String> settings) throws InterruptedException {
        List<String> problems = problems(settings);
        assertThat(problems).hasSize(1);
        return problems.get(0);
    }

    private static List<String> problems(Map<String, String> settings) throws InterruptedException {
        try (RelayRig rig = RelayRig.start(settings)) {
            List<String> problems = rig.refusal().problems();
            assertThat(problems)
                    .allSatisfy(problem -> assertThat(problem)
                            .containsAnyOf("mend: ", "check outbox.nats.url")
                            .doesNotContain("\tat ", "Exception"));
            assertThat(failing(settings))
                    .as("check fails where the relay refuses")
                    .isNotEmpty();
            return problems;
        }
    }

    /** What {@code outbox-relay check} says of the same servers. */
    private static List<Check> failing(Map<String, String> texts) throws InterruptedException {
        Settings settings = RelayRig.settings(texts);
        End<PostgresFacts> postgres = PostgresLook.look(settings, InstantSource.system());
        return Doctor.examine(settings, postgres, nats(settings, postgres), EnumSet.allOf(Check.class))
                .results()
                .stream()
                .filter(result -> result.status() == Status.FAIL)
                .map(Result::check)
                .toList();
    }

    private static End<NatsFacts> nats(Settings settings, End<PostgresFacts> postgres) throws InterruptedException {
        try (NatsLink link = new NatsLink(settings.nats(), new Nobody())) {
            link.open();
            return NatsLook.look(
                    link.connection(),
                    link.server(),
                    settings,
                    Doctor.tenants(postgres),
                    false,
                    null,
                    InstantSource.system());
        } catch (NatsRefused e) {
            return End.away(End.Failure.REFUSED, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return End.away(End.Failure.AWAY, String.valueOf(e.getMessage()));
        }
    }

    private static final class Nobody implements NatsLink.Listener {
        @Override
        public void connected(long maxPayload) {
            // the look says whether it is
        }

        @Override
        public void disconnected(String why) {
            // the same
        }
    }

    private void mend(String problem) throws SQLException {
        mend(problem, outbox);
    }

    /** Runs the statements that a message names, one after the other, as a DBA pastes them into psql. */
    private static void mend(String problem, Outbox where) throws SQLException {
        String remedy = problem.substring(problem.indexOf("mend: ") + "mend: ".length());
        String sql = remedy.substring(remedy.indexOf("or: ") < 0 ? 0 : remedy.indexOf("or: ") + "or: ".length());
        for (String part : sql.split(";", -1)) {
            String statement = part.strip();
            if (statement.matches("(?s)(ALTER|SELECT|CREATE|GRANT|DROP) .*")) {
                where.execute(statement);
            }
        }
    }

    private void assertStarts(Map<String, String> settings) throws Exception {
        assertStarts(settings, outbox);
    }

    private static void assertStarts(Map<String, String> settings, Outbox where) throws Exception {
        assertThat(failing(settings))
                .as("check fails only where the relay refuses")
                .isEmpty();
        try (RelayRig rig = RelayRig.start(settings)) {
            rig.awaitStreaming();
            Row row = Row.of("acme");
            Row noisy = Row.of("noisy");
            where.insert(row, noisy);
            Await.until("rows go through", () -> Streams.ids(client, "acme").contains(row.id()));
            Await.until("of every tenant", () -> Streams.ids(client, "noisy").contains(noisy.id()));
        }
    }

    private static String superuser(Outbox outbox, String sql) throws SQLException {
        try (var connection = outbox.superuser();
                var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}

package dev.outboxrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.TableName;
import dev.outboxrelay.event.TenantPattern;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SettingsReaderTest {

    private static final String URL = "jdbc:postgresql://db:5432/shop";

    @Test
    void two_addresses_are_enough_and_everything_else_has_the_contracts_default() {
        Settings settings = read(Map.of());

        assertThat(settings.postgres())
                .isEqualTo(new PostgresSettings(URL, "outbox_relay", Secret.NONE, "outbox_relay", "outbox", 16L << 30));
        assertThat(settings.nats()).isEqualTo(new NatsSettings(List.of("nats://n1:4222"), null));
        assertThat(settings.source())
                .isEqualTo(new SourceSettings(
                        TableMapping.nativeLayout(new TableName("outbox", "message"), SettleMode.MARK),
                        List.of(),
                        Reader.LEAN,
                        Duration.ofMillis(10),
                        2048,
                        64L << 20,
                        PendingMode.PUBLISH));
        assertThat(settings.naming()).isEqualTo(Naming.STRICT);
        assertThat(settings.streams())
                .isEqualTo(new StreamSettings(
                        3,
                        Duration.ofDays(7),
                        1_000_000,
                        Duration.ofMinutes(2),
                        StreamSettings.NO_LIMIT,
                        Discard.OLD,
                        Storage.FILE,
                        Compression.NONE,
                        Provision.MANAGE,
                        Duration.ofMinutes(5),
                        8));
        assertThat(settings.lanes())
                .isEqualTo(new LaneSettings(
                        500, 2, 64L << 20, 100_000, 16L << 20, 50_000, Duration.ofSeconds(30), null, 1L << 30, false));
        assertThat(settings.retry()).isEqualTo(new RetrySettings(Duration.ofMillis(50), Duration.ofSeconds(2), 10));
        assertThat(settings.settle()).isEqualTo(new SettleSettings(SettleMode.MARK, 500, Duration.ofMillis(5)));
        assertThat(settings.events())
                .isEqualTo(new EventSettings(
                        EventFormat.PLAIN,
                        AttributeTemplate.parseReference("/outbox/{tenant}").orElseThrow(),
                        AttributeTemplate.parse("{subject}").orElseThrow(),
                        null,
                        null));
        assertThat(settings.consumers())
                .isEqualTo(new ConsumerSettings(
                        new ConsumerSettings.Defaults(Duration.ofSeconds(30), 500, -1, List.of()), List.of()));
        assertThat(settings.admin())
                .isEqualTo(new AdminSettings("127.0.0.1", 8080, 1000, Duration.ofSeconds(5), AdminAccess.READING));
    }

    @Test
    void every_default_is_a_legal_value() {
        assertThat(SettingCatalog.all())
                .filteredOn(setting -> setting.defaultText() != null)
                .allSatisfy(
                        setting -> assertThat(new Given(Map.of()).find(setting)).isPresent());
    }

    @Test
    void given_values_replace_the_defaults() {
        Settings settings = read(Map.of(
                "outbox.postgres.password", " with blanks ",
                "outbox.nats.url", "nats://a:1, tls://b:2",
                "outbox.nats.credentials-file", "relay.creds",
                "outbox.naming", "encode",
                "outbox.settle.mode", "delete",
                "outbox.source.table", "shop.outbox",
                "outbox.streams.max-age", "PT36H",
                "outbox.lanes.max-bytes", "2 mb",
                "outbox.admin.bind", "[::1]:0"));

        assertThat(settings.postgres().login().password().reveal()).isEqualTo(" with blanks ");
        assertThat(settings.nats())
                .isEqualTo(new NatsSettings(List.of("nats://a:1", "tls://b:2"), Path.of("relay.creds")));
        assertThat(settings.naming()).isEqualTo(Naming.ENCODE);
        assertThat(settings.source().table().settle()).isEqualTo(SettleMode.DELETE);
        assertThat(settings.source().table().name()).hasToString("shop.outbox");
        assertThat(settings.streams().maxAge()).isEqualTo(Duration.ofHours(36));
        assertThat(settings.lanes().maxBytes()).isEqualTo(2L << 20);
        assertThat(settings.admin())
                .isEqualTo(new AdminSettings("::1", 0, 1000, Duration.ofSeconds(5), AdminAccess.READING));
    }

    @Test
    void a_blank_value_counts_as_not_given() {
        assertThat(read(Map.of("outbox.postgres.slot", " ")).postgres().slot()).isEqualTo("outbox_relay");
    }

    @Test
    void a_mapped_table_takes_what_its_preset_says() {
        Settings settings = read(Map.of("outbox.source.tables[0].table", "public.outboxevent"));

        assertThat(settings.source().tables())
                .containsExactly(new TableMapping(
                        new TableName("public", "outboxevent"),
                        Preset.DEBEZIUM,
                        "tenant_id",
                        SubjectTemplate.of("{aggregatetype}.{type}"),
                        SettleMode.KEEP));
    }

    @Test
    void consumers_take_what_they_do_not_say_from_nobody_yet() {
        Settings settings = read(Map.of(
                "outbox.consumer-defaults.ack-wait", "10s",
                "outbox.consumer-defaults.backoff", "1s, 10s",
                "outbox.consumers[0].name", "billing",
                "outbox.consumers[1].name", "audit",
                "outbox.consumers[1].tenants", "big-*",
                "outbox.consumers[1].filter-subject", "events.order.>",
                "outbox.consumers[1].ack-wait", "1m",
                "outbox.consumers[1].max-ack-pending", "-1",
                "outbox.consumers[1].max-deliver", "5",
                "outbox.consumers[1].backoff", "1s,2s"));

        assertThat(settings.consumers())
                .isEqualTo(new ConsumerSettings(
                        new ConsumerSettings.Defaults(
                                Duration.ofSeconds(10),
                                500,
                                -1,
                                List.of(Duration.ofSeconds(1), Duration.ofSeconds(10))),
                        List.of(
                                new ConsumerSettings.Entry(
                                        TenantPattern.EVERY, new ConsumerWish("billing", null, null, null, null, null)),
                                new ConsumerSettings.Entry(
                                        TenantPattern.of("big-*"),
                                        new ConsumerWish(
                                                "audit",
                                                "events.order.>",
                                                Duration.ofMinutes(1),
                                                -1,
                                                5,
                                                List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)))))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name | a.b | without . * > /",
                "filter-subject | events..x | has an empty token",
                "filter-subject | tenant.acme.x | counts below each tenant's own prefix",
                "max-ack-pending | 0 | is not -1 or a whole number",
                "max-deliver | -2 | is not -1 or a whole number",
                "max-deliver | 1 | 2 pauses, but only 1 deliveries",
                "ack-wait | 0s | is not a duration",
                "backoff | 1s;2s | is not durations separated by commas"
            })
    void a_consumer_that_nats_would_refuse_is_refused_at_the_start(String key, String value, String why) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("outbox.consumer-defaults.backoff", "1s, 10s");
        texts.put("outbox.consumers[0].name", "billing");
        texts.put("outbox.consumers[0]." + key, value);

        assertThat(problems(texts))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString()).contains("outbox.consumers[0]." + key, why));
    }

    @Test
    void a_mapped_table_may_say_everything_itself() {
        Settings settings = read(Map.of(
                "outbox.source.tables[0].table", "a.one",
                "outbox.source.tables[0].preset", "native",
                "outbox.source.tables[0].tenant-column", "customer",
                "outbox.source.tables[0].subject", "x.{subject}",
                "outbox.source.tables[0].settle", "delete",
                "outbox.source.tables[1].table", "a.two"));

        assertThat(settings.source().all())
                .extracting(table -> table.name().toString())
                .containsExactly("outbox.message", "a.one", "a.two");
        assertThat(settings.source().tables().get(0))
                .isEqualTo(new TableMapping(
                        new TableName("a", "one"),
                        Preset.NATIVE,
                        "customer",
                        SubjectTemplate.of("x.{subject}"),
                        SettleMode.DELETE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "outbox.postgres.url | jdbc:mysql://db/shop | is not jdbc:postgresql://host:port/database",
                "outbox.postgres.url | jdbc:postgresql://db:99999/shop | is not jdbc:postgresql://host:port/database",
                "outbox.postgres.url | jdbc:postgresql://db:5432 | is not jdbc:postgresql://host:port/database",
                "outbox.postgres.url | jdbc:postgresql://a,,b/shop | is not jdbc:postgresql://host:port/database",
                "outbox.postgres.url | jdbc:postgresql://a/b?user=c | belong in outbox.postgres.user",
                "outbox.postgres.slot | Outbox-Relay | lower-case letters, digits and _",
                "outbox.postgres.publication | 1st | that start with a letter",
                "outbox.nats.url | http://n1:4222 | is not nats://host:port",
                "outbox.nats.url | nats://n1:4222,, | is not nats://host:port",
                "outbox.source.table | message | is not schema.table",
                "outbox.source.table | a.b.c | is not schema.table",
                "outbox.source.table | \"outbox\".message; drop table x | is not schema.table",
                "outbox.source.poll-interval | 1ms | from 5ms to 10s",
                "outbox.source.poll-interval | 10 | is not a duration",
                "outbox.source.max-batch | 0 | from 1 to 100000",
                "outbox.source.queue-bytes | 64 apples | is not a size",
                "outbox.source.queue-bytes | 999999999999999GB | is not a size",
                "outbox.source.tables[0].table | nodot | is not schema.table",
                "outbox.source.tables[0].table | outbox.emit | is where events of outbox.emit() come from",
                "outbox.source.table | outbox.emit | is where events of outbox.emit() come from",
                "outbox.source.tables[0].preset | kafka | is not native | debezium",
                "outbox.source.tables[0].subject | a.{type | is not a relative subject",
                "outbox.source.tables[0].subject | a.* | is not a relative subject",
                "outbox.source.tables[0].settle | mark | needs a column for it",
                "outbox.naming | loose | is not strict | encode",
                "outbox.streams.replicas | 6 | is not a whole number from 1 to 5",
                "outbox.streams.replicas | three | is not a whole number from 1 to 5",
                "outbox.streams.max-age | 7 days | is not a duration",
                "outbox.streams.max-age | -PT1S | is not a duration",
                "outbox.streams.max-age | 999999999999999d | is not a duration",
                "outbox.streams.max-messages | 0 | is not a whole number from 1",
                "outbox.lanes.window | 0 | from 1 to 100000",
                "outbox.settle.mode | archive | is not mark | delete | keep",
                "outbox.tracing.endpoint | collector:4318 | is not http://host:port",
                "outbox.tracing.endpoint | grpc://collector:4317 | is not http://host:port",
                "outbox.tracing.endpoint | http://collector:431800 | is not http://host:port",
                "outbox.tracing.endpoint | https://me:you@collector | a login belongs in outbox.tracing.headers-file",
                "outbox.tracing.endpoint | https://collector/v1/traces?key=a | without a user, a query",
                "outbox.tracing.sample | 10% | is not a number from 0 to 1",
                "outbox.tracing.sample | 1.01 | is not a number from 0 to 1",
                "outbox.tracing.sample | -0.5 | is not a number from 0 to 1",
                "outbox.tracing.sample | NaN | is not a number from 0 to 1",
                "outbox.admin.bind | 8080 | is not host:port",
                "outbox.admin.bind | 127.0.0.1:65536 | is not host:port",
            })
    void a_bad_value_is_reported_with_its_key_and_origin(String line) {
        String[] columns = line.split("\\|", 3);
        String key = columns[0].strip();

        List<Problem> problems = problems(Map.of(key, columns[1].strip()));

        assertThat(problems)
                .filteredOn(problem -> problem.what().equals(key))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.why()).contains(columns[2].strip());
                    assertThat(problem.where()).isEqualTo("file relay.yaml");
                    assertThat(problem.nextStep()).isNotBlank();
                });
    }

    @Test
    void required_settings_that_are_missing_are_all_named_with_their_variables() {
        Reading reading = SettingsReader.read(Map.of());

        assertThat(((Reading.Rejected) reading).problems())
                .extracting(Problem::toString)
                .satisfiesExactly(
                        postgres -> assertThat(postgres)
                                .contains("outbox.postgres.url", "it is required", "OUTBOX_POSTGRES_URL"),
                        nats -> assertThat(nats).contains("outbox.nats.url", "OUTBOX_NATS_URL"));
    }

    @Test
    void all_problems_are_reported_at_once() {
        assertThat(problems(Map.of(
                        "outbox.streams.replicas", "9",
                        "outbox.admin.bind", "x",
                        "outbox.stream.max-age", "1d",
                        "outbox.settle.mode", "none")))
                .extracting(Problem::what)
                .containsExactlyInAnyOrder(
                        "outbox.streams.replicas", "outbox.admin.bind", "outbox.stream.max-age", "outbox.settle.mode");
    }

    @ParameterizedTest
    @CsvSource({
        "outbox.postgres.usr, outbox.postgres.user",
        "outbox.stream.replicas, outbox.streams.replicas",
        "outbox.replicas, outbox.streams.replicas",
        "outbx.naming, outbox.naming",
        "outbox.nats.urls, outbox.nats.url",
        "outbox.source.tables[2].tenantcolumn, outbox.source.tables[2].tenant-column",
    })
    void an_unknown_key_names_the_nearest_known_one(String unknown, String nearest) {
        assertThat(problems(Map.of(unknown, "hunter2")))
                .filteredOn(problem -> problem.what().equals(unknown))
                .singleElement()
                .hasToString(unknown + " (file relay.yaml): there is no such setting. The nearest known one is "
                        + nearest + ".");
    }

    @Test
    void the_duplicate_window_may_not_exceed_the_max_age_even_where_one_of_them_is_a_default() {
        assertThat(problems(Map.of("outbox.streams.max-age", "1m")))
                .singleElement()
                .hasToString("outbox.streams.duplicate-window (default): it is longer than outbox.streams.max-age"
                        + " (file relay.yaml). Set it to at most that, or raise outbox.streams.max-age.");
    }

    @Test
    void the_first_pause_may_not_exceed_the_longest() {
        assertThat(problems(Map.of("outbox.retry.initial", "3s")))
                .extracting(Problem::what)
                .containsExactly("outbox.retry.initial");
    }

    @Test
    void a_password_and_a_password_file_together_are_a_problem_that_shows_neither() {
        assertThat(problems(Map.of("outbox.postgres.password", "hunter2", "outbox.postgres.password-file", "/run/pw")))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString())
                        .contains("outbox.postgres.password-file", "Give one of the two")
                        .doesNotContain("hunter2"));
    }

    @Test
    void there_are_no_spans_without_an_endpoint_whatever_else_is_said_of_them() {
        assertThat(read(Map.of("outbox.tracing.sample", "1")).tracing()).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:4318, http://127.0.0.1:4318/v1/traces",
        "https://[::1]:4318/, https://[::1]:4318/v1/traces",
        "https://otlp.example.com/otlp, https://otlp.example.com/otlp/v1/traces",
        "http://collector/v1/traces, http://collector/v1/traces",
        "http://collector/v1/traces/, http://collector/v1/traces",
    })
    void where_spans_go(String endpoint, String url) {
        assertThat(read(Map.of("outbox.tracing.endpoint", endpoint)).tracing())
                .isEqualTo(new TracingSettings(url, "outbox-relay", 0, null, TlsFiles.none("outbox.tracing.tls")));
    }

    @Test
    void everything_that_can_be_said_of_spans() {
        assertThat(read(Map.of(
                                "outbox.tracing.endpoint", "http://collector",
                                "outbox.tracing.service-name", "shop-relay",
                                "outbox.tracing.sample", "0.25",
                                "outbox.tracing.headers-file", "headers",
                                "outbox.tracing.tls.ca-file", "ca.pem"))
                        .tracing())
                .isEqualTo(new TracingSettings(
                        "http://collector/v1/traces",
                        "shop-relay",
                        0.25,
                        Path.of("headers"),
                        new TlsFiles("outbox.tracing.tls", Path.of("ca.pem"), null, null)));
    }

    @Test
    void access_to_the_admin_server() {
        AdminAccess access = read(Map.of(
                        "outbox.admin.token-file", "/run/token",
                        "outbox.admin.token-for-reading", "true",
                        "outbox.admin.hosts", "Relay.Example, ::1"))
                .admin()
                .access();

        assertThat(access)
                .isEqualTo(new AdminAccess(Secret.NONE, Path.of("/run/token"), true, List.of("relay.example", "::1")));
    }

    @Test
    void a_token_that_can_be_guessed_or_is_given_twice_or_not_at_all_is_a_problem_that_shows_none() {
        assertThat(problems(Map.of("outbox.admin.token", "hunter2")))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString())
                        .contains("outbox.admin.token", "16 to 512")
                        .doesNotContain("hunter2"));
        assertThat(problems(Map.of("outbox.admin.token", "x".repeat(16), "outbox.admin.token-file", "/run/token")))
                .extracting(Problem::what)
                .containsExactly("outbox.admin.token-file");
        assertThat(problems(Map.of("outbox.admin.token-for-reading", "true")))
                .extracting(Problem::what)
                .containsExactly("outbox.admin.token-for-reading");
    }

    @Test
    void a_table_may_be_named_only_once() {
        assertThat(problems(Map.of(
                        "outbox.source.tables[0].table", "outbox.message",
                        "outbox.source.tables[1].table", "a.b",
                        "outbox.source.tables[2].table", "a.b")))
                .extracting(Problem::what)
                .containsExactly("outbox.source.tables[0].table", "outbox.source.tables[2].table");
    }

    @Test
    void an_element_of_the_list_needs_its_table() {
        assertThat(problems(Map.of("outbox.source.tables[0].preset", "debezium")))
                .extracting(Problem::what)
                .containsExactly("outbox.source.tables[0].table");
    }

    @Test
    void no_problem_shows_a_credential_that_hides_in_a_url() {
        assertThat(problems(Map.of(
                        "outbox.postgres.url", "jdbc:postgresql://db/shop?ssl=true&password=hunter2&x=hunter2",
                        "outbox.nats.url", "nats://me:hunter2@n1:99999,nats://you:hun/ter2@n2")))
                .extracting(Problem::toString)
                .hasSize(2)
                .allSatisfy(text -> assertThat(text).doesNotContain("hunter2").doesNotContain("ter2"));
    }

    @Test
    void the_text_of_settings_shows_no_credential() {
        Settings settings = read(Map.of(
                "outbox.postgres.password", "hunter2", "outbox.nats.url", "nats://me:hunter2@n1:4222,nats://n2"));

        assertThat(settings.toString()).doesNotContain("hunter2").contains("nats://***@n1:4222,nats://n2", "***");
    }

    private static Settings read(Map<String, String> values) {
        return ((Reading.Complete) reading(values)).settings();
    }

    private static List<Problem> problems(Map<String, String> values) {
        return ((Reading.Rejected) reading(values)).problems();
    }

    private static Reading reading(Map<String, String> values) {
        Map<String, String> all =
                new LinkedHashMap<>(Map.of("outbox.postgres.url", URL, "outbox.nats.url", "nats://n1:4222"));
        all.putAll(values);
        Map<String, RawValue> raw = new LinkedHashMap<>();
        all.forEach((key, text) -> raw.put(key, new RawValue(text, "file relay.yaml")));
        return SettingsReader.read(raw);
    }
}

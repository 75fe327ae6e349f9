package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.check.Check;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.PGConnection;

/**
 * Every check of the doctor fails once, for a cause that is real; what it prints is taken from its JSON and done to the
 * letter, as a DBA or an operator does it, and then it passes.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class CheckIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String COLUMNS = "(id, tenant_id, subject, payload, headers)";
    private static final String CHANGES = "outbox.policy_change (object, key, policy, xact)";

    /** They take other servers than these: {@code OtherServersIT} and {@code PromotionIT} have them. */
    private static final Set<Check> ELSEWHERE =
            EnumSet.of(Check.POSTGRES_VERSION, Check.POSTGRES_PRIMARY, Check.NATS_TLS, Check.NATS_VERSION);

    /** Those that take a restart have a test of their own, with one restart for all. */
    private static final Set<Check> RESTARTED =
            EnumSet.of(Check.WAL_LEVEL, Check.MAX_REPLICATION_SLOTS, Check.MAX_WAL_SENDERS, Check.MAX_CONNECTIONS);

    @TempDir
    private static Path folder;

    private static TestPostgres postgres;
    private static TestNats nats;
    private static @Nullable TestNats clientOf;
    private static io.nats.client.@Nullable Connection client;
    private static final Map<String, String> settings = new TreeMap<>();
    private static String moreYaml = "";
    private static String database = TestPostgres.DATABASE;
    private static Duration wrong = Duration.ZERO;
    private static int version;

    /** What the check that is driven has just said. */
    private static JsonNode printed = JSON.createObjectNode();

    /** A connection to the server in use, for what a test does itself. */
    private static io.nats.client.Connection client() throws Exception {
        io.nats.client.Connection open = client;
        if (open == null || clientOf != nats) {
            open = nats.connection();
            client = open;
            clientOf = nats;
        }
        return open;
    }

    private static TypedCommands operator() throws Exception {
        return new TypedCommands(postgres, client());
    }

    /** Something that a test does to a server. */
    private interface Act {
        void run() throws Exception;
    }

    /**
     * One way in which a check does not pass.
     *
     * @param since the PostgreSQL version that knows it
     * @param mend what stands for a remedy that names what only the site knows; null where all of it is run
     * @param after puts things back
     */
    private record Case(
            String name,
            Check check,
            String status,
            int since,
            Act breaks,
            @Nullable Act mend,
            Act after) {

        Case since(int major) {
            return new Case(name, check, status, major, breaks, mend, after);
        }

        Case mending(Act other) {
            return new Case(name, check, status, since, breaks, other, after);
        }

        Case after(Act other) {
            return new Case(name, check, status, since, breaks, mend, () -> {
                after.run();
                other.run();
            });
        }

        @Override
        public String toString() {
            return check.id() + ": " + name;
        }
    }

    private static Case fail(Check check, String name, Act breaks) {
        return new Case(name, check, "fail", 15, breaks, null, () -> {});
    }

    private static Case warn(Check check, String name, Act breaks) {
        return new Case(name, check, "warn", 15, breaks, null, () -> {});
    }

    private static Case failSql(Check check, String name, String sql) {
        return fail(check, name, () -> sql(sql));
    }

    private static Case warnSql(Check check, String name, String sql) {
        return warn(check, name, () -> sql(sql));
    }

    private static void sql(String sql) throws SQLException {
        postgres.execute(sql);
    }

    /** Each statement for itself, as psql sends it. */
    private static void each(String... statements) throws SQLException {
        for (String statement : statements) {
            sql(statement);
        }
    }

    // ------------------------------------------------------------------------------------------------ set up

    @BeforeAll
    static void start() throws Exception {
        // as nobody has prepared it yet: see the first test
        postgres = TestPostgres.start(PostgresOptions.defaults()
                .with("wal_level", "replica")
                .with("max_replication_slots", "0")
                .with("max_wal_senders", "0")
                .with("max_connections", "12")
                .with("max_slot_wal_keep_size", "32GB"));
        postgres.installSchema(TestPostgres.DATABASE);
        nats = TestNats.start();
        settings.put("outbox.postgres.url", postgres.jdbcUrl());
        settings.put("outbox.postgres.password", postgres.password(TestPostgres.RELAY));
        settings.put("outbox.nats.url", nats.url());
        settings.put("outbox.streams.replicas", "1");
        try (Connection connection = postgres.superuser();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SHOW server_version_num")) {
            row.next();
            version = row.getInt(1) / 10_000;
        }
    }

    @AfterAll
    static void stop() {
        nats.close();
        postgres.close();
    }

    // ------------------------------------------------------------------------------------------------ the doctor

    private record Said(int exit, String out, String err) {}

    private static Said check(String... arguments) throws Exception {
        Path file = folder.resolve("relay.yaml");
        Files.writeString(
                file,
                settings.entrySet().stream()
                                .map(entry -> entry.getKey() + ": \"" + entry.getValue() + "\"\n")
                                .collect(Collectors.joining())
                        + moreYaml);
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        InstantSource clock = () -> InstantSource.system().instant().plus(wrong);
        int exit = new picocli.CommandLine(new CheckCommand(Map.of(), clock))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(Stream.concat(
                                Stream.of(
                                        "--config",
                                        file.toString(),
                                        "--nats-monitor",
                                        nats.node(0).monitorUrl()),
                                Arrays.stream(arguments))
                        .toArray(String[]::new));
        return new Said(exit, out.toString(), err.toString());
    }

    private static JsonNode look(Check check) throws Exception {
        Said said = check("--json", "--only", check.id());
        assertThat(said.out()).as(said.err()).isNotEmpty();
        JsonNode result = JSON.readTree(said.out()).path("checks").path(0);
        assertThat(result.path("id").asText()).isEqualTo(check.id());
        assertThat(said.exit()).isEqualTo(result.path("status").asText().equals("fail") ? 1 : 0);
        return result;
    }

    /** A reload reaches other sessions a moment later. */
    private static JsonNode awaitStatus(Check check, String status) {
        return Await.value(check.id() + " is " + status, PATIENCE, () -> {
            JsonNode result = look(check);
            assertThat(result.path("status").asText()).as(result.toString()).isEqualTo(status);
            return result;
        });
    }

    private static void apply(JsonNode result) throws Exception {
        int applied = 0;
        for (JsonNode finding : result.path("findings")) {
            for (JsonNode remedy : finding.path("remedies")) {
                apply(remedy.path("kind").asText(), remedy.path("run").asText());
                applied++;
            }
        }
        assertThat(applied).as("remedies of " + result).isPositive();
    }

    private static void apply(String kind, String run) throws Exception {
        switch (kind) {
            case "sql" -> postgres.execute(database, run);
            case "relay" -> {
                String[] line = run.split(": ", 2);
                settings.put(line[0], line[1]);
            }
            case "shell" -> operator().type(run);
            default -> throw new AssertionError("its test says where this belongs: " + run);
        }
    }

    // ------------------------------------------------------------------------------------------------ before all
    // others

    @Test
    @Order(1)
    void a_server_that_nobody_has_prepared_is_mended_with_one_restart() throws Exception {
        for (Check check : RESTARTED) {
            JsonNode result = look(check);
            assertThat(result.path("status").asText())
                    .as(result.toString())
                    .isEqualTo(check == Check.MAX_CONNECTIONS ? "warn" : "fail");
            assertThat(result.toString()).contains("restart PostgreSQL");
            apply(result);
        }
        postgres.restart();
        for (Check check : RESTARTED) {
            awaitStatus(check, "pass");
        }
        apply(awaitStatus(Check.SLOT, "fail"));
        awaitStatus(Check.SLOT, "pass");
    }

    @Test
    @Order(2)
    void an_installed_outbox_has_nothing_to_complain_about_and_nothing_is_changed() throws Exception {
        insert("acme", 100);
        String before = everything();

        Said said = check();

        assertThat(said.exit()).as(said.out()).isZero();
        assertThat(said.out())
                .contains("PostgreSQL server", "ok    wal-level", "skip  wal-disk", "df -h")
                .containsPattern("\\R\\d+ passed, [12] skipped, 0 to be looked at, 0 failed\\R")
                .doesNotContain(postgres.password(TestPostgres.RELAY));
        assertThat(everything()).isEqualTo(before);
        assertThat(client().jetStreamManagement().getStreamNames()).isEmpty();
    }

    /** What a write would change, also one that is rolled back. */
    private static String everything() throws SQLException {
        try (Connection connection = postgres.superuser();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT pg_snapshot_xmax(pg_current_snapshot())::text || ' '"
                        + " || (SELECT string_agg(relname || ' ' || relacl::text, ',' ORDER BY relname) FROM pg_class"
                        + " WHERE relnamespace = 'outbox'::regnamespace AND relacl IS NOT NULL) || ' '"
                        + " || (SELECT count(*) FROM outbox.message) || ' ' || (SELECT count(*) FROM outbox.leader)"
                        + " || (SELECT string_agg(slot_name || confirmed_flush_lsn, ',') FROM pg_replication_slots)"
                        + " || (SELECT string_agg(coalesce(last_value::text, '-'), ',') FROM pg_sequences)")) {
            row.next();
            return row.getString(1);
        }
    }

    // ------------------------------------------------------------------------------------------------ each check

    static Stream<Case> cases() {
        return Stream.of(postgresCases(), natsCases(), streamCases()).flatMap(List::stream);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    @Order(3)
    void fails_and_is_mended_by_what_it_prints(Case each) throws Exception {
        Assumptions.assumeTrue(version >= each.since(), () -> "takes PostgreSQL " + each.since());
        Map<String, String> before = Map.copyOf(settings);
        try {
            each.breaks().run();
            JsonNode broken = awaitStatus(each.check(), each.status());
            printed = broken;
            Act mend = each.mend();
            if (mend == null) {
                apply(broken);
            } else {
                mend.run();
            }
            awaitStatus(each.check(), "pass");
        } finally {
            each.after().run();
            settings.clear();
            settings.putAll(before);
            moreYaml = "";
            database = TestPostgres.DATABASE;
            wrong = Duration.ZERO;
        }
    }

    @Test
    @Order(4)
    void every_check_is_made_to_fail_here_or_elsewhere() {
        Set<Check> driven = EnumSet.copyOf(RESTARTED);
        cases().forEach(each -> driven.add(each.check()));
        assertThat(driven).doesNotContainAnyElementsOf(ELSEWHERE);
        driven.addAll(ELSEWHERE);
        assertThat(driven).containsExactlyInAnyOrder(Check.values());
    }

    // ------------------------------------------------------------------------------------------------ PostgreSQL

    private static List<Case> postgresCases() {
        return List.of(
                failSql(Check.POSTGRES_CONNECTION, "a role that may not log in", "ALTER ROLE outbox_relay NOLOGIN"),
                failSql(
                                Check.POSTGRES_CONNECTION,
                                "a database that it may not connect to",
                                "REVOKE CONNECT ON DATABASE app FROM PUBLIC")
                        .after(() -> sql("GRANT CONNECT ON DATABASE app TO PUBLIC")),
                failSql(
                                Check.POSTGRES_CONNECTION,
                                "a function that everybody may call, and it may not",
                                "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_current_wal_lsn() FROM PUBLIC")
                        .after(() -> sql("GRANT EXECUTE ON FUNCTION pg_catalog.pg_current_wal_lsn() TO PUBLIC;"
                                + " REVOKE EXECUTE ON FUNCTION pg_catalog.pg_current_wal_lsn() FROM outbox_relay")),
                warnSql(
                        Check.MAX_CONNECTIONS,
                        "a role with few connections",
                        "ALTER ROLE outbox_relay CONNECTION LIMIT 3"),
                warnSql(
                        Check.WAL_SENDER_TIMEOUT,
                        "of the role alone",
                        "ALTER ROLE outbox_relay SET wal_sender_timeout = '1s'"),
                warn(
                        Check.WAL_SENDER_TIMEOUT,
                        "switched off",
                        () -> each("ALTER SYSTEM SET wal_sender_timeout = 0", "SELECT pg_reload_conf()")),
                fail(
                        Check.MAX_SLOT_WAL_KEEP_SIZE,
                        "below the budget",
                        () -> each("ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'", "SELECT pg_reload_conf()")),
                warn(
                        Check.MAX_SLOT_WAL_KEEP_SIZE,
                        "without a limit",
                        () -> each("ALTER SYSTEM SET max_slot_wal_keep_size = -1", "SELECT pg_reload_conf()")),
                warn(
                                Check.IDLE_SLOT_TIMEOUT,
                                "an hour",
                                () -> each(
                                        "ALTER SYSTEM SET idle_replication_slot_timeout = '1h'",
                                        "SELECT pg_reload_conf()"))
                        .since(18),
                warn(Check.POSTGRES_CLOCK, "an hour apart", () -> wrong = Duration.ofHours(1))
                        .mending(() -> wrong = Duration.ZERO),
                fail(Check.SCHEMA_VERSION, "an empty database", () -> use("check_empty")),
                fail(Check.SCHEMA_VERSION, "version 3", () -> {
                    use("check_v3");
                    for (String file : List.of("V1__outbox.sql", "V2__attach.sql", "V3__parking.sql")) {
                        operator().type("psql -d check_v3 -f schema/" + file);
                    }
                }),
                failSql(Check.ROLE_REPLICATION, "without the attribute", "ALTER ROLE outbox_relay NOREPLICATION"),
                warnSql(
                        Check.ROLE_EXCESS,
                        "attributes and a group",
                        "ALTER ROLE outbox_relay CREATEDB BYPASSRLS; GRANT outbox_operator TO outbox_relay"),
                warnSql(Check.ROLE_EXCESS, "a superuser", "ALTER ROLE outbox_relay SUPERUSER"),
                failSql(
                        Check.GRANTS,
                        "taken away",
                        "REVOKE UPDATE (status, published_at) ON outbox.message FROM outbox_relay;"
                                + " REVOKE INSERT ON outbox.dead_letter FROM outbox_relay;"
                                + " REVOKE USAGE ON SCHEMA outbox FROM outbox_relay"),
                failSql(
                                Check.FUNCTION_GRANTS,
                                "taken from everybody",
                                "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC")
                        .after(() -> sql("GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO PUBLIC")),
                warnSql(
                        Check.EXCESS_GRANTS,
                        "deletes, and a policy for everybody",
                        "GRANT DELETE ON outbox.message TO outbox_relay; GRANT INSERT ON outbox.tenant TO PUBLIC;"
                                + " GRANT UPDATE (payload) ON outbox.dead_letter TO outbox_relay"),
                failSql(
                        Check.WRITES_TRIED,
                        "a read-only role",
                        "ALTER ROLE outbox_relay SET default_transaction_read_only = on"),
                failSql(Check.ROW_SECURITY, "no policy", "ALTER TABLE outbox.message ENABLE ROW LEVEL SECURITY")
                        .after(() -> sql("DROP POLICY IF EXISTS outbox_relay_sees_all ON outbox.message;"
                                + " ALTER TABLE outbox.message DISABLE ROW LEVEL SECURITY")),
                failSql(Check.PUBLICATION, "dropped", "DROP PUBLICATION outbox"),
                failSql(
                        Check.PUBLICATION_INSERTS,
                        "updates alone",
                        "ALTER PUBLICATION outbox SET (publish = 'update')"),
                warnSql(
                        Check.PUBLICATION_INSERTS,
                        "updates too",
                        "ALTER PUBLICATION outbox SET (publish = 'insert, update')"),
                failSql(
                        Check.PUBLICATION_TABLES,
                        "without the outbox",
                        "ALTER PUBLICATION outbox DROP TABLE outbox.message, outbox.policy_change"),
                failSql(
                        Check.PUBLICATION_COLUMNS,
                        "two columns short",
                        "ALTER PUBLICATION outbox SET TABLE outbox.message (id, tenant_id, payload), " + CHANGES),
                warnSql(
                                Check.PUBLICATION_EXCESS,
                                "the status, of this relay's share of the tenants",
                                "ALTER PUBLICATION outbox SET TABLE outbox.message (id, tenant_id, subject, payload,"
                                        + " headers, status) WHERE (tenant_id < 'm'), " + CHANGES)
                        .after(() -> {
                            assertThat(look(Check.PUBLICATION_ROW_FILTER).toString())
                                    .contains("tenant_id < 'm'");
                            sql("ALTER PUBLICATION outbox SET TABLE outbox.message " + COLUMNS + ", " + CHANGES);
                        }),
                warnSql(
                                Check.PUBLICATION_ROW_FILTER,
                                "half of the tenants",
                                "ALTER PUBLICATION outbox SET TABLE outbox.message " + COLUMNS
                                        + " WHERE (tenant_id < 'm'), " + CHANGES)
                        .mending(() -> {
                            apply(printed); // which tenants it leaves out
                            String then = printed.findValue("then").asText();
                            sql(then.substring(then.indexOf("BEGIN;")));
                        }),
                fail(Check.PUBLICATION_ROW_FILTER, "the one that is meant is gone", () -> {
                            sql(
                                    "CREATE TABLE public.\"Outbox\" (\"Id\" int, org text, \"Kind\" varchar(9), body text);"
                                            + " ALTER PUBLICATION outbox ADD TABLE public.\"Outbox\" (\"Id\", org, \"Kind\", body)");
                            moreYaml = """
                                    outbox.source.tables:
                                      - table: public.Outbox
                                        preset: custom
                                        id-column: Id
                                        tenant-column: org
                                        subject: "{Kind}"
                                        payload-column: body
                                        publication-filter: '"Kind" <> ''internal'' AND org IN (''a'', ''b'')'
                                    """;
                        })
                        .after(() -> sql("DROP TABLE public.\"Outbox\"")),
                fail(Check.PUBLICATION_ROOT, "partitions by their own names", () -> {
                            sql("CREATE SCHEMA shop; CREATE TABLE shop.outbox (id uuid, tenant_id text,"
                                    + " aggregatetype text, aggregateid text, type text, payload jsonb)"
                                    + " PARTITION BY LIST (tenant_id);"
                                    + " CREATE TABLE shop.outbox_rest PARTITION OF shop.outbox DEFAULT;"
                                    + " ALTER PUBLICATION outbox ADD TABLE shop.outbox;"
                                    + " ALTER PUBLICATION outbox SET (publish_via_partition_root = false)");
                            moreYaml = "outbox.source.tables:\n  - table: shop.outbox\n";
                        })
                        .after(() -> sql("ALTER PUBLICATION outbox DROP TABLE shop.outbox; DROP SCHEMA shop CASCADE;"
                                + " ALTER PUBLICATION outbox SET (publish_via_partition_root = true)")),
                warnSql(
                                Check.PUBLICATION_EXCESS,
                                "another table, and the status",
                                "CREATE TABLE public.\"Order\" (id int); ALTER PUBLICATION outbox SET TABLE"
                                        + " outbox.message (id, tenant_id, subject, payload, headers, status), "
                                        + CHANGES
                                        + ", public.\"Order\"")
                        .after(() -> sql("DROP TABLE public.\"Order\"")),
                warnSql(
                        Check.PUBLICATION_EXCESS,
                        "all tables",
                        "DROP PUBLICATION outbox; CREATE PUBLICATION outbox FOR ALL TABLES WITH (publish = 'insert')"),
                warnSql(
                        Check.PUBLICATION_EXCESS,
                        "a whole schema",
                        "ALTER PUBLICATION outbox SET TABLES IN SCHEMA outbox"),
                failSql(
                                Check.REPLICA_IDENTITY,
                                "somebody else's publication",
                                "ALTER TABLE outbox.message REPLICA IDENTITY NOTHING;"
                                        + " CREATE PUBLICATION analytics FOR TABLE outbox.message")
                        .after(() -> sql("DROP PUBLICATION analytics")),
                failSql(Check.SLOT, "dropped", "SELECT pg_drop_replication_slot('outbox_relay')"),
                fail(
                        Check.SLOT,
                        "a physical one",
                        () -> each(
                                "SELECT pg_drop_replication_slot('outbox_relay')",
                                "SELECT pg_create_physical_replication_slot('outbox_relay')")),
                fail(Check.SLOT_WAL, "lost", () -> {
                            each("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", "SELECT pg_reload_conf()");
                            Await.until("the slot is lost", PATIENCE, () -> {
                                writeWal(1);
                                sql("CHECKPOINT");
                                return look(Check.SLOT_WAL)
                                        .path("status")
                                        .asText()
                                        .equals("fail");
                            });
                        })
                        .after(() -> each("ALTER SYSTEM RESET max_slot_wal_keep_size", "SELECT pg_reload_conf()")),
                readByAStranger(),
                fail(Check.SLOT_BUDGET, "overdrawn", () -> {
                    settings.put("outbox.postgres.wal-budget", "64MB");
                    writeWal(5);
                }),
                warn(Check.WAL_DISK, "a budget that is larger than the disk", () -> {
                            Assumptions.assumeFalse(
                                    "containers".equals(System.getProperty("servers")), "it is another machine");
                            sql("GRANT pg_read_all_settings TO outbox_relay");
                            settings.put("outbox.postgres.wal-budget", "16384GB");
                        })
                        .after(() -> sql("REVOKE pg_read_all_settings FROM outbox_relay")),
                warn(Check.OTHER_SLOTS, "forgotten", () -> {
                    settings.put("outbox.postgres.wal-budget", "64MB");
                    sql("SELECT pg_create_physical_replication_slot('forgotten', true)");
                    writeWal(3);
                }),
                warn(
                                Check.FAILOVER_SLOT,
                                "several servers, and no copy",
                                () -> settings.put(
                                        "outbox.postgres.url",
                                        "jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + ","
                                                + postgres.host() + ":" + postgres.port() + "/app"))
                        .since(17),
                fail(
                                Check.STANDBY_SLOTS,
                                "a standby that is not there",
                                () -> each(
                                        "SELECT pg_drop_replication_slot('outbox_relay')",
                                        "SELECT pg_create_logical_replication_slot('outbox_relay', 'pgoutput', failover => true)",
                                        "ALTER SYSTEM SET synchronized_standby_slots = 'nowhere'",
                                        "SELECT pg_reload_conf()"))
                        .since(17),
                fail(Check.OUTBOX_TABLES, "an empty database", () -> use("check_tables")),
                warnSql(
                        Check.STATUS_INDEX,
                        "on pending rows",
                        "CREATE INDEX \"Pending\" ON outbox.message (created_at) WHERE status = 'pending'"),
                warnSql(
                        Check.POLICY_ROWS,
                        "a window that is longer than the age",
                        "INSERT INTO outbox.tenant (tenant_id, duplicate_window) VALUES ('o''brien', '8 days')"),
                warnSql(
                                Check.TENANT_NAMES,
                                "a blank, and one of each case",
                                "INSERT INTO outbox.tenant (tenant_id) VALUES ('acme eu'), ('Acme')")
                        .after(() -> sql("DELETE FROM outbox.tenant")));
    }

    /** Another role reads the slot, as a tool that was left running does. */
    private static Case readByAStranger() {
        Connection[] stranger = new Connection[1];
        return fail(Check.SLOT_READER, "a stranger", () -> {
                    sql("CREATE ROLE other_reader LOGIN REPLICATION PASSWORD 'only for this test'");
                    Properties properties = new Properties();
                    properties.setProperty("user", "other_reader");
                    properties.setProperty("password", "only for this test");
                    properties.setProperty("replication", "database");
                    properties.setProperty("preferQueryMode", "simple");
                    properties.setProperty("assumeMinServerVersion", "15");
                    stranger[0] = DriverManager.getConnection(postgres.jdbcUrl(), properties);
                    stranger[0]
                            .unwrap(PGConnection.class)
                            .getCopyAPI()
                            .copyDual("START_REPLICATION SLOT outbox_relay LOGICAL 0/0"
                                    + " (proto_version '1', publication_names 'outbox')");
                })
                .after(() -> {
                    stranger[0].close();
                    sql("DROP ROLE other_reader");
                });
    }

    private static void use(String other) throws SQLException {
        postgres.createDatabase(other);
        settings.put("outbox.postgres.url", postgres.jdbcUrl(other));
        database = other;
    }

    /** Each is a whole segment of 16 MB. */
    private static void writeWal(int segments) throws SQLException {
        for (int i = 0; i < segments; i++) {
            each("CREATE TABLE filler AS SELECT 1", "DROP TABLE filler", "SELECT pg_switch_wal()");
        }
    }

    private static void insert(String tenant, int bytes) throws SQLException {
        try (Connection writer = postgres.connect(TestPostgres.WRITER);
                PreparedStatement statement = writer.prepareStatement(
                        "INSERT INTO outbox.message (tenant_id, subject, payload) VALUES (?, 'a.b', ?)")) {
            statement.setString(1, tenant);
            statement.setBytes(2, new byte[bytes]);
            statement.executeUpdate();
        }
    }

    // ------------------------------------------------------------------------------------------------ NATS

    /** A server for one case, put in the place of the one that all others share. */
    private static final class Own {
        private @Nullable TestNats shared;

        void begin(NatsOptions options, String login) {
            if (shared == null) {
                shared = nats;
            } else {
                close();
            }
            nats = TestNats.start(options);
            settings.put("outbox.nats.url", nats.url().replace("//", "//" + login));
        }

        void end() {
            TestNats others = shared;
            if (others != null) {
                close();
                nats = others;
                shared = null;
            }
        }

        private static void close() {
            nats.close();
            clientOf = null;
        }
    }

    /** The lines of a remedy for the server's configuration. */
    private static String lines(JsonNode result) {
        for (JsonNode finding : result.path("findings")) {
            for (JsonNode remedy : finding.path("remedies")) {
                if (remedy.path("kind").asText().equals("nats")) {
                    return remedy.path("run").asText();
                }
            }
        }
        throw new AssertionError("no remedy for the server in " + result);
    }

    /** The server's configuration is edited as the remedy says, in the place that it names, and read again. */
    private static Case configured(Case of, Own own, NatsOptions broken, String login, Place place, Act content) {
        Case begun = new Case(
                of.name(),
                of.check(),
                of.status(),
                of.since(),
                () -> {
                    own.begin(broken, login);
                    content.run();
                    of.breaks().run();
                },
                () -> {
                    own.begin(place.with(lines(printed)), login);
                    content.run();
                },
                () -> {
                    own.end();
                    of.after().run();
                });
        return begun;
    }

    /** Where in a configuration some lines go. */
    private interface Place {
        NatsOptions with(String lines);
    }

    private static NatsOptions options() {
        return NatsOptions.defaults();
    }

    private static NatsOptions user(String lines) {
        return options()
                .with("authorization { users: [ { user: relay, password: letmein\n" + lines + "\n } ] }")
                .connectingAs("relay", "letmein");
    }

    private static NatsOptions account(String jetStream) {
        return options()
                .with("accounts { RELAY { jetstream { " + jetStream
                        + " }\n users: [ { user: relay, password: letmein } ] } }")
                .connectingAs("relay", "letmein");
    }

    private static void stream(String name, long maxBytes, String... subjects) throws Exception {
        client().jetStreamManagement()
                .addStream(StreamConfiguration.builder()
                        .name(name)
                        .subjects(subjects)
                        .storageType(StorageType.File)
                        .maxBytes(maxBytes)
                        .build());
    }

    private static List<Case> natsCases() {
        Act nothing = () -> {};
        String login = "relay:letmein@";
        String nobody = "permissions { publish { allow: [\"$SYS.REQ.USER.INFO\"] } }";
        String deaf = "permissions { subscribe { allow: [\"_INBOX.>\"] } }";
        return List.of(
                fail(Check.NATS_CONNECTION, "nobody there", () -> nats.stop()).mending(() -> nats.restart()),
                configured(
                                fail(Check.NATS_CREDENTIALS, "without credentials", nothing),
                                new Own(),
                                user(""),
                                "",
                                lines -> user(""),
                                nothing)
                        .mending(
                                () -> settings.put("outbox.nats.url", nats.url().replace("//", "//" + login))),
                warn(Check.NATS_CLOCK, "an hour apart", () -> wrong = Duration.ofHours(-1))
                        .mending(() -> wrong = Duration.ZERO),
                configured(
                                warn(Check.MAX_PAYLOAD, "a row that is larger", () -> insert("acme", 100_000)),
                                new Own(),
                                options().with("max_payload: 64KB"),
                                "",
                                lines -> options().with(lines),
                                nothing)
                        .after(() -> sql("DELETE FROM outbox.message WHERE length(payload) > 1000")),
                configured(
                        fail(Check.API_PERMISSIONS, "a user who may ask nothing", nothing),
                        new Own(),
                        user(nobody),
                        login,
                        CheckIT::user,
                        nothing),
                configured(
                        fail(Check.PUBLISH_PERMISSIONS, "a user who may publish nothing", nothing),
                        new Own(),
                        user(nobody),
                        login,
                        CheckIT::user,
                        nothing),
                configured(
                        fail(Check.SUBSCRIBE_PERMISSIONS, "a user who hears no advisory", nothing),
                        new Own(),
                        user(deaf),
                        login,
                        CheckIT::user,
                        nothing),
                configured(
                        fail(Check.JETSTREAM, "switched off", nothing),
                        new Own(),
                        options().withoutJetStream(),
                        "",
                        lines -> {
                            assertThat(lines).startsWith("jetstream { store_dir:"); // elsewhere in a test
                            return options();
                        },
                        nothing),
                configured(
                        fail(Check.ACCOUNT_STREAMS, "no more streams", nothing),
                        new Own(),
                        account("max_streams: 1"),
                        login,
                        CheckIT::account,
                        () -> stream("ONE", -1, "one")),
                configured(
                        fail(Check.ACCOUNT_STORAGE, "all reserved", nothing),
                        new Own(),
                        account("max_file: 1MB"),
                        login,
                        CheckIT::account,
                        () -> stream("ONE", 1 << 20, "one")),
                configured(
                        warn(Check.SERVER_STORAGE, "nearly all reserved", nothing),
                        new Own(),
                        options().withJetStream("max_file_store: 1MB"),
                        "",
                        lines -> options().withJetStream(lines),
                        () -> stream("ONE", 900_000, "one")),
                configured(
                                fail(Check.MAX_HA_ASSETS, "one, for two tenants", () -> {
                                    Assumptions.assumeFalse(
                                            "2.10".equals(System.getProperty("nats.line")), "2.10 does not tell");
                                    sql("INSERT INTO outbox.tenant (tenant_id) VALUES ('globex'), ('initech')");
                                    settings.put("outbox.streams.replicas", "3");
                                }),
                                new Own(),
                                options().withJetStream("limits { max_ha_assets: 1 }"),
                                "",
                                lines -> options().withJetStream(lines),
                                nothing)
                        .after(() -> sql("DELETE FROM outbox.tenant")));
    }

    // ------------------------------------------------------------------------------------------------ streams

    private static JetStreamManagement streams() throws Exception {
        return client().jetStreamManagement();
    }

    private static void deleteStreams() throws Exception {
        for (String stream : streams().getStreamNames()) {
            streams().deleteStream(stream);
        }
    }

    private static Case onStreams(Case of) {
        return of.after(() -> {
            deleteStreams();
            sql("DELETE FROM outbox.tenant; DELETE FROM outbox.consumer");
        });
    }

    private static List<Case> streamCases() {
        return Stream.of(
                        fail(Check.REPLICAS, "three on one server", () -> settings.put("outbox.streams.replicas", "3")),
                        failSql(
                                Check.REPLICAS,
                                "of one tenant",
                                "INSERT INTO outbox.tenant (tenant_id, replicas) VALUES ('acme', 3)"),
                        warn(
                                Check.DUPLICATE_WINDOW,
                                "a tenth of a second",
                                () -> settings.put("outbox.streams.duplicate-window", "100ms")),
                        fail(
                                Check.STREAM_SUBJECTS,
                                "a stream for everything",
                                () -> stream("EVERYTHING", -1, "tenant.>", "audit.>")),
                        fail(
                                Check.STREAM_SUBJECTS,
                                "one tenant's subjects",
                                () -> stream("MINE", -1, "tenant.acme.events.*")),
                        warn(
                                Check.STREAMS,
                                "made by somebody else",
                                () -> stream("TENANT_ACME", 4_000, "tenant.acme.>")),
                        warn(Check.STREAMS, "in memory", () -> {
                            streams()
                                    .addStream(StreamConfiguration.builder()
                                            .name("TENANT_ACME")
                                            .subjects("tenant.acme.>")
                                            .storageType(StorageType.Memory)
                                            .maxAge(Duration.ofDays(7))
                                            .maxMessages(1_000_000)
                                            .duplicateWindow(Duration.ofMinutes(2))
                                            .build());
                        }),
                        fail(Check.STREAMS, "without its subjects", () -> {
                            sql("INSERT INTO outbox.tenant (tenant_id) VALUES ('acme')");
                            streams()
                                    .addStream(StreamConfiguration.builder()
                                            .name("TENANT_ACME")
                                            .subjects("elsewhere")
                                            .maxAge(Duration.ofDays(7))
                                            .maxMessages(1_000_000)
                                            .duplicateWindow(Duration.ofMinutes(2))
                                            .build());
                        }),
                        failSql(
                                Check.STREAMS,
                                "nobody has made it",
                                "INSERT INTO outbox.tenant (tenant_id, provision, max_age, compression)"
                                        + " VALUES ('acme', 'verify', '36 hours', 's2')"),
                        warn(Check.CONSUMERS, "missing", () -> {
                            stream("TENANT_ACME", -1, "tenant.acme.>");
                            sql("INSERT INTO outbox.consumer (tenant_id, name, filter_subject, backoff) VALUES"
                                    + " ('acme', 'billing', 'events.order.>', '{1 second,1 minute}')");
                        }),
                        warn(Check.CONSUMERS, "with another bound", () -> {
                            stream("TENANT_ACME", -1, "tenant.acme.>");
                            streams()
                                    .createConsumer(
                                            "TENANT_ACME",
                                            ConsumerConfiguration.builder()
                                                    .durable("billing")
                                                    .maxAckPending(7)
                                                    .build());
                            sql("INSERT INTO outbox.consumer (tenant_id, name) VALUES ('*', 'billing')");
                        }),
                        fail(Check.CONSUMERS, "a push consumer", () -> {
                            stream("TENANT_ACME", -1, "tenant.acme.>");
                            streams()
                                    .createConsumer(
                                            "TENANT_ACME",
                                            ConsumerConfiguration.builder()
                                                    .durable("billing")
                                                    .deliverSubject("push.here")
                                                    .build());
                            sql("INSERT INTO outbox.consumer (tenant_id, name) VALUES ('acme', 'billing')");
                        }))
                .map(CheckIT::onStreams)
                .toList();
    }

    // ------------------------------------------------------------------------------------------------ one end alone

    @Test
    @Order(5)
    void where_one_end_is_away_the_other_is_examined_all_the_same() throws Exception {
        String url = postgres.jdbcUrl();
        settings.put("outbox.postgres.url", url.replaceAll(":\\d+/", ":1/"));
        try {
            Said said = check("--json");

            assertThat(said.exit()).isEqualTo(ExitCode.FAILED);
            Map<String, String> byId = new TreeMap<>();
            JSON.readTree(said.out())
                    .path("checks")
                    .forEach(each -> byId.put(
                            each.path("id").asText(), each.path("status").asText()));
            assertThat(byId)
                    .hasSize(Check.values().length)
                    .containsEntry("postgres-connection", "fail")
                    .containsEntry("wal-level", "skipped")
                    .containsEntry("jetstream", "pass")
                    .containsEntry("api-permissions", "pass")
                    .containsEntry("streams", "skipped");
        } finally {
            settings.put("outbox.postgres.url", url);
        }
        nats.stop();
        try {
            Said said = check();

            assertThat(said.exit()).isEqualTo(ExitCode.FAILED);
            assertThat(said.out()).contains("ok    wal-level", "FAIL  nats-connection", "skip  10 checks");
        } finally {
            nats.restart();
        }
    }

    @Test
    @Order(6)
    void a_mapped_table_of_bytes_is_measured_in_bytes_and_one_that_loses_its_rows_takes_the_right_to_any_column()
            throws Exception {
        sql("CREATE SCHEMA \"Shop\"; CREATE TABLE \"Shop\".\"Outbox\" (id uuid, \"tenantId\" text, aggregatetype text,"
                + " aggregateid text, type text, payload bytea);"
                + " INSERT INTO \"Shop\".\"Outbox\" (\"tenantId\", payload) VALUES ('acme', convert_to(repeat('x',"
                + " 600000), 'UTF8')); GRANT USAGE ON SCHEMA \"Shop\" TO outbox_relay;"
                + " GRANT SELECT, DELETE, UPDATE (type) ON \"Shop\".\"Outbox\" TO outbox_relay");
        moreYaml = "outbox.source.tables:\n  - table: Shop.Outbox\n    tenant-column: tenantId\n    settle: delete\n";
        try {
            for (Check check : List.of(Check.MAX_PAYLOAD, Check.GRANTS, Check.EXCESS_GRANTS, Check.WRITES_TRIED)) {
                JsonNode result = look(check);
                assertThat(result.path("status").asText()).as(result.toString()).isEqualTo("pass");
            }
        } finally {
            moreYaml = "";
            sql("DROP SCHEMA \"Shop\" CASCADE");
        }
    }

    @Test
    @Order(7)
    void a_wrong_option_or_configuration_is_said_and_nothing_is_looked_at() throws Exception {
        assertThat(check("--only", "nothing").err()).contains("no check 'nothing'", "--list");
        assertThat(check("--list").out()).contains("wal-level", "stream-subjects");
        assertThat(new picocli.CommandLine(new CheckCommand(Map.of(), InstantSource.system()))
                        .setErr(new PrintWriter(new StringWriter()))
                        .execute())
                .isEqualTo(ExitCode.WRONG_USAGE);
    }
}

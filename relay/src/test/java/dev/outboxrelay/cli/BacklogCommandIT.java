package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.Relay;
import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.SettingsReader;
import dev.outboxrelay.path.SharedPostgres;
import dev.outboxrelay.telemetry.BuildInfo;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Counting what is pending and asking for it, as an operator, before the relay's first start and beside it. */
final class BacklogCommandIT {

    private static final String DATABASE = "backlog_command";
    private static final String SLOT = "relay_backlog_command";

    @TempDir
    private Path folder;

    private final TestPostgres postgres = SharedPostgres.get();
    private Map<String, String> environment = Map.of();

    private record Said(int exit, String out, String err) {}

    @Test
    void it_counts_without_changing_anything_and_asks_a_running_relay() throws Exception {
        postgres.createDatabase(DATABASE);
        postgres.installSchema(DATABASE);
        postgres.execute(
                DATABASE,
                "INSERT INTO outbox.message (tenant_id, subject, payload)"
                        + " SELECT CASE WHEN n = 1 THEN 'small' ELSE 'big' END, 'a', 'x' FROM generate_series(1, 4) n");
        postgres.execute(DATABASE, "SELECT pg_create_logical_replication_slot('" + SLOT + "', 'pgoutput')");
        try (TestNats nats = TestNats.start()) {
            environment = environment(nats);
            Said before = backlog("--dry-run");
            assertThat(before.exit()).as(before.err()).isZero();
            assertThat(before.out())
                    .containsPattern("outbox\\.message +big +3 +6 ")
                    .containsPattern("outbox\\.message +small +1 +2 ")
                    .contains("The relay takes them when it next begins to read slot " + SLOT
                            + ": no relay has read this slot before.");
            assertThat(backlog("--dry-run", "--json").out())
                    .contains("\"table\":\"outbox.message\",\"tenant\":\"big\",\"rows\":3", "\"state\":null");
            Map<String, String> ignoring = new HashMap<>(environment);
            ignoring.put("OUTBOX_SOURCE_BACKLOG", "ignore");
            assertThat(backlog(ignoring, "--dry-run").out()).contains("outbox.source.backlog is ignore");
            assertThat(value(
                            "SELECT (SELECT count(*) FROM outbox.backlog) + (SELECT count(*) FROM outbox.dead_letter)"))
                    .isEqualTo("0");

            Relay relay = relay(nats);
            Thread running = new Thread(() -> run(relay), "relay");
            running.start();
            Await.until("all are marked", () -> pending().equals("0"));
            assertThat(backlog("--dry-run").out())
                    .contains("No row is pending", "State done since", "4 rows taken, 0 of them were in their stream")
                    .contains("is the one that the relay had");

            // of a letter of its own nothing is left to do; a row that somebody sets back is found in its stream
            postgres.execute(DATABASE, "DELETE FROM outbox.dead_letter");
            postgres.execute(DATABASE, "UPDATE outbox.message SET status = 'pending' WHERE tenant_id = 'small'");
            Said asked = backlog();
            assertThat(asked.exit()).as(asked.err()).isZero();
            assertThat(asked.out()).contains("Asked for: the leader takes them within seconds");
            Await.until("it is marked again", () -> pending().equals("0"));
            Await.until("it is done", () -> "done".equals(value("SELECT state FROM outbox.backlog")));
            assertThat(value("SELECT taken || ' ' || found || ' ' || reason FROM outbox.backlog"))
                    .isEqualTo("1 1 asked for by outbox_operator");
            Await.until("it streams on", () -> relay.status().source().connected());
            assertThat(nats.connection()
                            .jetStreamManagement()
                            .getStreamInfo("TENANT_SMALL")
                            .getStreamState()
                            .getMsgCount())
                    .isEqualTo(1);
            relay.stop();
            running.join();
        }
        Await.until("the slot is dropped", () -> {
            postgres.execute("postgres", "SELECT pg_drop_replication_slot('" + SLOT + "')");
            return true;
        });
        postgres.execute("postgres", "DROP DATABASE " + DATABASE + " WITH (FORCE)");
    }

    private Map<String, String> environment(TestNats nats) throws Exception {
        Path password = Files.writeString(folder.resolve("password"), postgres.password(TestPostgres.OPERATOR));
        return Map.of(
                "OUTBOX_POSTGRES_URL", postgres.jdbcUrl(DATABASE),
                "OUTBOX_POSTGRES_USER", TestPostgres.OPERATOR,
                "OUTBOX_POSTGRES_PASSWORD_FILE", password.toString(),
                "OUTBOX_POSTGRES_SLOT", SLOT,
                "OUTBOX_NATS_URL", nats.url());
    }

    private Relay relay(TestNats nats) {
        Map<String, RawValue> raw = new TreeMap<>();
        RelayProcess.settings(postgres.jdbcUrl(DATABASE), postgres.password(TestPostgres.RELAY), nats.url())
                .forEach((key, text) -> raw.put(key, new RawValue(text, "test")));
        raw.put("outbox.admin.bind", new RawValue("127.0.0.1:0", "test"));
        raw.put("outbox.postgres.slot", new RawValue(SLOT, "test"));
        return new Relay(
                ((Reading.Complete) SettingsReader.read(raw)).settings(),
                new BuildInfo("test", "test", "test"),
                InstantSource.system());
    }

    private static void run(Relay relay) {
        try {
            relay.run();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Said backlog(String... arguments) {
        return backlog(environment, arguments);
    }

    private static Said backlog(Map<String, String> environment, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = Main.commandLine(environment, settings -> ExitCode.FAILED)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(Stream.concat(Stream.of("backlog"), Arrays.stream(arguments))
                        .toArray(String[]::new));
        return new Said(exit, out.toString(), err.toString());
    }

    private String pending() throws SQLException {
        return value("SELECT count(*) FROM outbox.message WHERE status = 'pending'");
    }

    private String value(String sql) throws SQLException {
        try (Connection operator =
                        postgres.connect(DATABASE, TestPostgres.OPERATOR, postgres.password(TestPostgres.OPERATOR));
                Statement statement = operator.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }
}

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
import io.nats.client.Connection;
import io.nats.client.JetStreamSubscription;
import io.nats.client.PullSubscribeOptions;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator does with tenants on the command line, beside a relay that runs. */
final class TenantIT {

    private static final String DATABASE = "tenants";
    private static final String SLOT = "relay_tenants";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private static Path folder;

    private static TestPostgres postgres;
    private static TestNats nats;
    private static Connection client;
    private static Relay relay;
    private static Thread running;
    private static Map<String, String> environment;

    private record Said(int exit, String out, String err) {}

    @BeforeAll
    static void start() throws Exception {
        postgres = SharedPostgres.get();
        postgres.createDatabase(DATABASE);
        postgres.installSchema(DATABASE);
        postgres.execute(DATABASE, "SELECT pg_create_logical_replication_slot('" + SLOT + "', 'pgoutput')");
        nats = TestNats.start();
        client = nats.connection();
        Map<String, RawValue> raw = new TreeMap<>();
        RelayProcess.settings(postgres.jdbcUrl(DATABASE), postgres.password(TestPostgres.RELAY), nats.url())
                .forEach((key, text) -> raw.put(key, new RawValue(text, "test")));
        raw.put("outbox.admin.bind", new RawValue("127.0.0.1:0", "test"));
        raw.put("outbox.postgres.slot", new RawValue(SLOT, "test"));
        relay = new Relay(
                ((Reading.Complete) SettingsReader.read(raw)).settings(),
                new BuildInfo("test", "test", "test"),
                InstantSource.system());
        running = new Thread(
                () -> {
                    try {
                        relay.run();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                "relay");
        running.start();
        Await.until("the relay streams", () -> relay.status().source().connected());
        Path password = Files.writeString(folder.resolve("password"), postgres.password(TestPostgres.OPERATOR));
        environment = Map.of(
                "OUTBOX_POSTGRES_URL", postgres.jdbcUrl(DATABASE),
                "OUTBOX_POSTGRES_USER", TestPostgres.OPERATOR,
                "OUTBOX_POSTGRES_PASSWORD_FILE", password.toString(),
                "OUTBOX_POSTGRES_SLOT", SLOT,
                "OUTBOX_NATS_URL", nats.url());
    }

    @AfterAll
    static void stop() throws Exception {
        relay.stop();
        running.join();
        nats.close();
        Await.until("the slot is dropped", () -> {
            postgres.execute("postgres", "SELECT pg_drop_replication_slot('" + SLOT + "')");
            return true;
        });
        postgres.execute("postgres", "DROP DATABASE " + DATABASE + " WITH (FORCE)");
    }

    private static Said tenant(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = Main.commandLine(environment, settings -> ExitCode.FAILED)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(Stream.concat(Stream.of("tenant"), Arrays.stream(arguments))
                        .toArray(String[]::new));
        return new Said(exit, out.toString(), err.toString());
    }

    private static void insert(String tenant, int events) throws Exception {
        try (var writer = postgres.connect(DATABASE, TestPostgres.WRITER, postgres.password(TestPostgres.WRITER));
                Statement statement = writer.createStatement()) {
            statement.execute("INSERT INTO outbox.message (tenant_id, subject, payload) SELECT '" + tenant
                    + "', 'a', '' FROM generate_series(1, " + events + ")");
        }
    }

    private static long size(String stream) throws Exception {
        return client.jetStreamManagement().getStreamNames().contains(stream)
                ? client.jetStreamManagement()
                        .getStreamInfo(stream)
                        .getStreamState()
                        .getMsgCount()
                : -1;
    }

    @Test
    void a_tenant_is_paused_and_goes_on() throws Exception {
        insert("calm", 3);
        Await.until("published", PATIENCE, () -> size("TENANT_CALM") == 3);

        Said paused = tenant("pause", "calm");
        assertThat(paused.exit()).as(paused.err()).isZero();
        assertThat(paused.out()).contains("tenant calm is paused");
        insert("calm", 4);
        Await.until(
                "parked",
                PATIENCE,
                () -> relay.status().tenants().stream().anyMatch(t -> t.tenant().equals("calm") && t.parked() == 4));
        assertThat(size("TENANT_CALM")).isEqualTo(3);

        assertThat(tenant("resume", "calm").exit()).isZero();
        Await.until("published", PATIENCE, () -> size("TENANT_CALM") == 7);
    }

    @Test
    void a_tenant_that_leaves_keeps_its_stream_until_it_is_read_or_somebody_insists() throws Exception {
        insert("gone", 5);
        Await.until("published", PATIENCE, () -> size("TENANT_GONE") == 5);
        JetStreamSubscription reader = client.jetStream()
                .subscribe(
                        "tenant.gone.>",
                        PullSubscribeOptions.builder().durable("billing").build());
        reader.fetch(2, Duration.ofSeconds(5)).forEach(message -> message.ack());

        Said first = tenant("remove", "gone");
        assertThat(first.exit()).as(first.err()).isZero();
        assertThat(first.out())
                .contains(
                        "stream TENANT_GONE: 5 messages",
                        "consumer billing: 3 unread, 0 given and not acknowledged",
                        "--delete-stream deletes it");
        insert("gone", 2);
        Await.until(
                "what still comes is parked",
                PATIENCE,
                () -> relay.status().tenants().stream().anyMatch(t -> t.tenant().equals("gone") && t.parked() == 2));

        Said refused = tenant("remove", "gone", "--delete-stream");
        assertThat(refused.exit()).isEqualTo(ExitCode.FAILED);
        assertThat(refused.err()).contains("is kept: something in it is unread");
        assertThat(size("TENANT_GONE")).isEqualTo(5);

        Said deleted = tenant("remove", "gone", "--delete-stream", "--even-if-unread", "--json");
        assertThat(deleted.exit()).as(deleted.err()).isZero();
        assertThat(deleted.out()).contains("\"deleted\":true", "\"parked\":2");
        assertThat(size("TENANT_GONE")).isEqualTo(-1);
    }

    @Test
    void what_is_no_tenant_or_not_told_properly_is_refused() {
        assertThat(tenant("remove", "a b").exit()).isEqualTo(ExitCode.WRONG_USAGE);
        assertThat(tenant("remove", "a", "--even-if-unread").err()).contains("belongs to --delete-stream");
        assertThat(tenant().err()).contains("A command is missing");
    }
}

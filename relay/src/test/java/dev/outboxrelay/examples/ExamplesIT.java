package dev.outboxrelay.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.path.SharedPostgres;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The consumers of {@code ops/examples} bind, process, acknowledge and stop as their README says. */
final class ExamplesIT {

    private static final Path EXAMPLES =
            Path.of("../ops/examples").toAbsolutePath().normalize();
    private static final int MESSAGES = 300;
    /** What the JVM ends with after a SIGTERM that its hooks have answered. */
    private static final int JVM_AFTER_SIGTERM = 143;

    private static TestNats nats;
    private static Connection client;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
    }

    @AfterAll
    static void stop() throws Exception {
        client.close();
        nats.close();
    }

    @Test
    void java() throws Exception {
        String lib = Path.of(System.getProperty("dist.directory", "target/outbox-relay"), "lib")
                        .toAbsolutePath()
                + File.separator + "*";
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = List.of(
                java,
                "-XX:TieredStopAtLevel=1",
                "-cp",
                lib,
                EXAMPLES.resolve("java/EventConsumer.java").toString());

        bindsProcessesAndStops("javaland", command, JVM_AFTER_SIGTERM);
        refusesToMakeAConsumer(command);
    }

    @Test
    void java_that_processes_each_event_once_however_often_it_is_delivered() throws Exception {
        prepare("onceland", "TENANT_ONCELAND");
        TestPostgres postgres = SharedPostgres.get();
        postgres.createInstalled("billing"); // for a role that may log in
        postgres.execute("billing", Files.readString(EXAMPLES.resolve("sql/seen_event.sql")));
        postgres.execute(
                "billing",
                "GRANT USAGE ON SCHEMA billing TO " + TestPostgres.WRITER
                        + "; GRANT ALL ON ALL TABLES IN SCHEMA billing TO " + TestPostgres.WRITER);
        // ten were processed, and the acknowledgements were lost with the process
        postgres.execute(
                "billing",
                "INSERT INTO billing.seen_event (stream, id)"
                        + " SELECT 'TENANT_ONCELAND', 'id-' || i FROM generate_series(0, 9) i;"
                        + " INSERT INTO billing.order_count VALUES ('TENANT_ONCELAND', 10)");
        String lib = Path.of(System.getProperty("dist.directory", "target/outbox-relay"), "lib")
                        .toAbsolutePath()
                + File.separator + "*";
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        lib,
                        EXAMPLES.resolve("java/IdempotentConsumer.java").toString(),
                        nats.url(),
                        "TENANT_ONCELAND",
                        "billing",
                        postgres.jdbcUrl("billing"))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("consumer.log").toFile());
        builder.environment().put("DB_USER", TestPostgres.WRITER);
        builder.environment().put("DB_PASSWORD", postgres.password(TestPostgres.WRITER));
        Process consumer = builder.start();
        try {
            Await.until("all are acknowledged", Duration.ofSeconds(60), () -> {
                if (!consumer.isAlive()) {
                    throw new IllegalStateException("the consumer ended:\n" + text("consumer.log"));
                }
                return info("TENANT_ONCELAND").getAckFloor().getStreamSequence() == MESSAGES;
            });
            consumer.destroy(); // SIGTERM
            assertThat(consumer.waitFor(15, TimeUnit.SECONDS)).isTrue();
        } finally {
            consumer.destroyForcibly();
        }
        assertThat(text("consumer.log").lines().filter(line -> line.startsWith("seen before")))
                .hasSize(10);
        try (java.sql.Connection database = postgres.superuser("billing");
                Statement statement = database.createStatement();
                ResultSet row = statement.executeQuery("SELECT orders, (SELECT count(*) FROM billing.seen_event)"
                        + " FROM billing.order_count WHERE stream = 'TENANT_ONCELAND'")) {
            assertThat(row.next()).isTrue();
            assertThat(row.getLong(1)).isEqualTo(MESSAGES);
            assertThat(row.getLong(2)).isEqualTo(MESSAGES);
        }
    }

    @Test
    void node() throws Exception {
        assumeTrue(has("node") && has("npm"), "node or npm is not installed: the example for Node is not run");
        for (String file : List.of("consumer.js", "package.json", "package-lock.json", ".npmrc")) {
            Files.copy(EXAMPLES.resolve("node").resolve(file), folder.resolve(file));
        }
        Process install = new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("npm.log").toFile())
                .start();
        boolean installed = install.waitFor(120, TimeUnit.SECONDS) && install.exitValue() == 0;
        install.destroyForcibly();
        assumeTrue(
                installed,
                () -> "npm cannot install the client, so the example for Node is not run:\n" + text("npm.log"));
        List<String> command = List.of("node", folder.resolve("consumer.js").toString());

        bindsProcessesAndStops("nodeland", command, 0);
        refusesToMakeAConsumer(command);
    }

    private void bindsProcessesAndStops(String tenant, List<String> command, int exit) throws Exception {
        String stream = "TENANT_" + tenant.toUpperCase(Locale.ROOT);
        prepare(tenant, stream);
        Process consumer = start(command, stream);
        try {
            Await.until("all are acknowledged", Duration.ofSeconds(60), () -> {
                if (!consumer.isAlive()) {
                    throw new IllegalStateException("the consumer ended:\n" + text("consumer.log"));
                }
                return info(stream).getAckFloor().getStreamSequence() == MESSAGES;
            });

            consumer.destroy(); // SIGTERM

            assertThat(consumer.waitFor(15, TimeUnit.SECONDS)).isTrue();
        } finally {
            consumer.destroyForcibly();
        }
        String output = text("consumer.log");
        assertThat(output).contains("tenant." + tenant + ".events.0 id-0", "stopped");
        assertThat(output.lines().filter(line -> line.startsWith("tenant."))).hasSize(MESSAGES);
        assertThat(consumer.exitValue()).isEqualTo(exit);
        assertThat(info(stream).getNumAckPending()).isZero();
        assertThat(info(stream).getRedelivered()).isZero();
    }

    private void refusesToMakeAConsumer(List<String> command) throws Exception {
        Process consumer = start(command, "TENANT_NOBODY");

        assertThat(consumer.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(consumer.exitValue()).isEqualTo(1);
        assertThat(text("consumer.log")).contains("cannot bind to consumer billing of stream TENANT_NOBODY");
        assertThat(client.jetStreamManagement().getStreamNames()).doesNotContain("TENANT_NOBODY");
    }

    private Process start(List<String> command, String stream) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(nats.url(), stream, "billing"));
        return new ProcessBuilder(all)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("consumer.log").toFile())
                .start();
    }

    private static void prepare(String tenant, String stream) throws Exception {
        client.jetStreamManagement()
                .addStream(StreamConfiguration.builder()
                        .name(stream)
                        .subjects("tenant." + tenant + ".>")
                        .storageType(StorageType.Memory)
                        .build());
        client.jetStreamManagement()
                .createConsumer(
                        stream,
                        ConsumerConfiguration.builder()
                                .durable("billing")
                                .ackPolicy(AckPolicy.Explicit)
                                .maxAckPending(500)
                                .build());
        for (int i = 0; i < MESSAGES; i++) {
            client.jetStream()
                    .publish(
                            "tenant." + tenant + ".events." + i,
                            new Headers().put("Nats-Msg-Id", "id-" + i),
                            new byte[] {1});
        }
    }

    private static ConsumerInfo info(String stream) throws Exception {
        return client.jetStreamManagement().getConsumerInfo(stream, "billing");
    }

    private static boolean has(String program) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(program, "--version")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private String text(String file) {
        try {
            return Files.readString(folder.resolve(file));
        } catch (IOException e) {
            return "(unreadable: " + e + ")";
        }
    }
}

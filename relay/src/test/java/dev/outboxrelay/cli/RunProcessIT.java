package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The relay as a process of the built distribution: how it starts, ends and exits. */
final class RunProcessIT {

    private static final Path SCRIPT = Path.of(System.getProperty("dist.directory", "target/outbox-relay"))
            .toAbsolutePath()
            .resolve("bin/outbox-relay");

    private static TestPostgres postgres;
    private static TestNats nats;
    private static Connection client;

    @TempDir
    private Path folder;

    private @Nullable Process process;

    @BeforeAll
    static void startServers() throws Exception {
        postgres = TestPostgres.start();
        postgres.installSchema();
        nats = TestNats.start();
        client = nats.connection();
    }

    @AfterAll
    static void stopServers() throws Exception {
        client.close();
        nats.close();
        postgres.close();
    }

    @AfterEach
    void endProcess() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    @Test
    void sigterm_ends_a_streaming_relay_with_exit_code_0_after_it_has_confirmed() throws Exception {
        Process relay = start(Map.of("OUTBOX_JAVA_OPTS", "-Xmx128m"));
        postgres.execute("SELECT outbox.publish('acme', 'events.a', 'x'::bytea, NULL)");
        Await.until(
                "the message is in the stream",
                () -> client.jetStreamManagement().getStreamNames().contains("TENANT_ACME"));

        relay.destroy();

        assertThat(relay.waitFor(30, TimeUnit.SECONDS))
                .as("ended within 30 s: %s", said())
                .isTrue();
        assertThat(relay.exitValue()).as(said()).isZero();
        assertThat(Files.readString(folder.resolve("err"))).isEmpty();
    }

    @Test
    void a_wrong_password_exits_2_with_the_next_step_and_without_the_password() throws Exception {
        Process relay = start(Map.of("OUTBOX_POSTGRES_PASSWORD", "hunter2"));

        assertThat(relay.waitFor(30, TimeUnit.SECONDS))
                .as("ended within 30 s: %s", said())
                .isTrue();

        assertThat(relay.exitValue()).isEqualTo(2);
        assertThat(Files.readString(folder.resolve("err")))
                .contains("cannot start", "outbox_relay", "outbox.postgres.url, .user and .password")
                .doesNotContain("\tat ");
        assertThat(said()).doesNotContain("hunter2");
    }

    private Process start(Map<String, String> more) throws IOException {
        Map<String, String> variables = new TreeMap<>(Map.of(
                "JAVA_HOME", System.getProperty("java.home"),
                "OUTBOX_POSTGRES_URL", postgres.jdbcUrl(),
                "OUTBOX_POSTGRES_PASSWORD", postgres.password(TestPostgres.RELAY),
                "OUTBOX_NATS_URL", nats.url(),
                "OUTBOX_STREAMS_REPLICAS", "1",
                "OUTBOX_ADMIN_BIND", "127.0.0.1:0"));
        variables.putAll(more);
        ProcessBuilder builder = new ProcessBuilder(SCRIPT.toString(), "run")
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("OUTBOX_") || name.equals("JAVA_OPTS"));
        builder.environment().putAll(variables);
        process = builder.start();
        return process;
    }

    private String said() throws IOException {
        return Files.readString(folder.resolve("out")) + Files.readString(folder.resolve("err"));
    }
}

package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.telemetry.Runbooks;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log of the built distribution as JSON; and, since there is a database here, the SQL of the runbooks. */
final class JsonLogIT {

    private static final Path SCRIPT = Path.of(System.getProperty("dist.directory", "target/outbox-relay"))
            .toAbsolutePath()
            .resolve("bin/outbox-relay");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static TestPostgres postgres;
    private static TestNats nats;

    @TempDir
    private Path folder;

    private @Nullable Process process;

    @BeforeAll
    static void startServers() throws Exception {
        postgres = TestPostgres.start();
        postgres.installSchema();
        nats = TestNats.start();
    }

    @AfterAll
    static void stopServers() throws Exception {
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
    void each_line_is_an_object_with_its_values_as_fields_and_without_secrets_or_payloads() throws Exception {
        String password = postgres.password(TestPostgres.RELAY);
        Process relay = start(Map.of("OUTBOX_LOG_FORMAT", "JSON", "OUTBOX_LOG_LEVEL", "DEBUG"));
        postgres.execute(
                "SELECT outbox.publish('acme', 'events.a', 'pay-hunter2'::bytea, '{\"X-Kind\": \"head-hunter2\"}')");
        postgres.execute(
                "SELECT outbox.publish('acme', 'events..b', 'pay-hunter2'::bytea, '{\"X-Kind\": \"head-hunter2\"}')");
        Await.until("the dead letter is said", () -> out().contains("\"reason\":\"invalid_subject\""));

        relay.destroy();

        assertThat(relay.waitFor(30, TimeUnit.SECONDS)).as(out()).isTrue();
        List<JsonNode> lines = new ArrayList<>();
        for (String line : out().split("\n", -1)) {
            if (!line.isEmpty()) {
                lines.add(JSON.readTree(line));
            }
        }
        assertThat(lines).hasSizeGreaterThan(4).allSatisfy(line -> {
            assertThat(Instant.parse(line.path("@timestamp").asText()))
                    .isBefore(Instant.now().plusSeconds(60));
            assertThat(line.path("level").asText()).isIn("DEBUG", "INFO", "WARN", "ERROR");
            assertThat(line.path("message").asText()).isNotBlank();
            assertThat(line.path("logger_name").asText()).isNotBlank();
            assertThat(line)
                    .allSatisfy(field -> assertThat(field.isContainerNode()).isFalse());
        });
        assertThat(lines).anySatisfy(line -> {
            assertThat(line.path("message").asText()).isEqualTo("this instance leads");
            assertThat(line.path("slot").asText()).isEqualTo("outbox_relay");
            assertThat(line.path("term").isNumber()).isTrue();
        });
        assertThat(lines)
                .anySatisfy(line -> assertThat(line.path("tenant").asText()).isEqualTo("acme"));
        assertThat(out()).doesNotContain("hunter2", password);
        assertThat(Files.readString(folder.resolve("err"))).isEmpty();
        assertThat(relay.exitValue()).isZero();
    }

    @Test
    void a_format_that_there_is_not_is_wrong_usage_instead_of_silence() throws Exception {
        Process relay = start(Map.of("OUTBOX_LOG_FORMAT", "yaml"));

        assertThat(relay.waitFor(30, TimeUnit.SECONDS)).isTrue();

        assertThat(relay.exitValue()).isEqualTo(2);
        assertThat(Files.readString(folder.resolve("err"))).contains("OUTBOX_LOG_FORMAT", "'yaml'", "text or json");
    }

    /** Planned, not run: a slot that one of them drops is still there. */
    @Test
    void the_statements_of_the_runbooks_are_right() throws Exception {
        int planned = 0;
        for (String statement : Runbooks.statements()) {
            assertThat(statement).endsWith(";");
            if (statement.startsWith("SHOW ")) {
                postgres.execute(statement);
            } else if (!statement.startsWith("ALTER SYSTEM ")) {
                postgres.execute("EXPLAIN " + statement);
                planned++;
            }
        }
        assertThat(planned).isGreaterThan(15);
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

    private String out() throws IOException {
        return Files.readString(folder.resolve("out"));
    }
}

package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.PurgeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stream that was lost is filled again from the outbox by an operator's command: in order, nothing twice. */
final class RepublishIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private static Path folder;

    private static TestNats nats;
    private static Connection client;
    private static Outbox outbox;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("republish");
    }

    @AfterAll
    static void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    private static RelayProcess relay() throws IOException {
        return RelayProcess.start(outbox.settings(nats, Map.of()), folder.resolve("relay.log"));
    }

    /** The command as an operator starts it, in a process of its own. */
    private static Process command(Path out, String... arguments) throws IOException {
        Path script = Path.of(System.getProperty("dist.directory", "target/outbox-relay"), "bin", "outbox-relay");
        List<String> line = new ArrayList<>(List.of(script.toAbsolutePath().toString(), "republish", "--json"));
        line.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(line)
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("command.err").toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("OUTBOX_"));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("OUTBOX_JAVA_OPTS", RelayProcess.SHORT_LIVED);
        environment.put("OUTBOX_POSTGRES_URL", outbox.url());
        environment.put("OUTBOX_POSTGRES_USER", TestPostgres.OPERATOR);
        environment.put("OUTBOX_POSTGRES_PASSWORD", outbox.postgres().password(TestPostgres.OPERATOR));
        environment.put("OUTBOX_POSTGRES_SLOT", outbox.slot());
        environment.put("OUTBOX_NATS_URL", nats.url());
        return builder.start();
    }

    private static JsonNode republish(String... arguments) throws Exception {
        Path out = folder.resolve("command.out");
        Process process = command(out, arguments);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(folder.resolve("command.err")))
                .isZero();
        return new ObjectMapper().readTree(Files.readString(out));
    }

    private static List<String> insert(String tenant, int count) throws Exception {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(Row.of(tenant));
        }
        outbox.insert(rows);
        return rows.stream().map(Row::id).toList();
    }

    private static void awaitSize(String tenant, long size) {
        Await.until(tenant + " has " + size, PATIENCE, () -> Streams.size(client, Streams.of(tenant)) >= size);
        outbox.awaitAllMarked(PATIENCE);
    }

    private static int letters(String where) throws Exception {
        return outbox.count("outbox.dead_letter WHERE slot = '" + outbox.slot() + "' AND " + where);
    }

    private static List<String> only(List<String> ids, List<String> these) {
        Set<String> wanted = new HashSet<>(these);
        return ids.stream().filter(wanted::contains).toList();
    }

    @Test
    void command_and_relay_are_killed_in_the_middle_and_nothing_is_missing_doubled_or_out_of_order() throws Exception {
        List<String> before = new ArrayList<>();
        List<String> live = new ArrayList<>();
        try (RelayProcess relay = relay()) {
            for (int i = 0; i < 20; i++) {
                before.addAll(insert("lost", 100));
            }
            awaitSize("lost", 2_000);
            client.jetStreamManagement().deleteStream(Streams.of("lost"));
            live.addAll(insert("lost", 50));
            Process command = command(folder.resolve("killed.out"), "--tenant", "lost", "--rate", "1000");
            Await.until("some are handed over", PATIENCE, () -> letters("tenant_id = 'lost'") >= 300);
            command.destroyForcibly().waitFor();
            live.addAll(insert("lost", 50));
            relay.kill();
        }
        int handed = letters("tenant_id = 'lost'");
        assertThat(handed).isBetween(300, 1_999);

        try (RelayProcess relay = relay()) {
            live.addAll(insert("lost", 50));
            JsonNode said = republish("--tenant", "lost");

            assertThat(said.path("handed_over").asInt()).isEqualTo(2_000 - handed);
            live.addAll(insert("lost", 50));
            awaitSize("lost", 2_200);
            Await.until("all are resolved", PATIENCE, () -> letters("state IN ('parked', 'replaying')") == 0);

            JsonNode again = republish("--tenant", "lost");
            assertThat(again.path("handed_over").asInt()).isZero();
            assertThat(again.path("in_stream").asInt()).isEqualTo(2_200);
            assertThat(relay.isAlive()).isTrue();
        }
        List<String> ids = Streams.ids(client, "lost");
        assertThat(ids).hasSize(2_200).doesNotHaveDuplicates();
        assertThat(only(ids, before)).isEqualTo(before);
        assertThat(only(ids, live)).isEqualTo(live);
        assertThat(outbox.count("outbox.message WHERE tenant_id = 'lost' AND status <> 'published'"))
                .isZero();
    }

    @Test
    void only_what_is_missing_and_was_asked_for_is_published_again_and_as_often_as_it_is_lost() throws Exception {
        try (RelayProcess relay = relay()) {
            List<String> old = insert("part", 30);
            awaitSize("part", 30);
            String until = String.valueOf(outbox.value(
                    "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.USZ')"));
            List<String> later = insert("part", 30);
            awaitSize("part", 60);
            client.jetStreamManagement()
                    .purgeStream(
                            Streams.of("part"),
                            PurgeOptions.builder().sequence(41).build());

            JsonNode counted = republish("--tenant", "part", "--dry-run");
            assertThat(counted.path("lost").asInt()).isEqualTo(40);
            assertThat(counted.path("in_stream").asInt()).isEqualTo(20);
            assertThat(letters("tenant_id = 'part'")).isZero();
            assertThat(republish("--tenant", "part", "--subject", "no.such.subject")
                            .path("held")
                            .asInt())
                    .isZero();

            assertThat(republish("--tenant", "part", "--to", until)
                            .path("handed_over")
                            .asInt())
                    .isEqualTo(30);
            awaitSize("part", 50);
            assertThat(republish("--tenant", "part").path("handed_over").asInt())
                    .isEqualTo(10);
            awaitSize("part", 60);
            List<String> expected = new ArrayList<>(later.subList(10, 30));
            expected.addAll(old);
            expected.addAll(later.subList(0, 10));
            assertThat(Streams.ids(client, "part")).isEqualTo(expected);

            client.jetStreamManagement().deleteStream(Streams.of("part"));
            assertThat(republish("--tenant", "part").path("handed_over").asInt())
                    .isEqualTo(60);
            awaitSize("part", 60);
            List<String> all = new ArrayList<>(old);
            all.addAll(later);
            assertThat(Streams.ids(client, "part")).isEqualTo(all);
            assertThat(relay.isAlive()).isTrue();
        }
    }

    @Test
    void a_time_that_is_none_is_wrong_usage() throws Exception {
        Process process = command(folder.resolve("usage.out"), "--tenant", "part", "--from", "yesterday");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(2);
    }
}

package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.FormatMethod;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * An older version and this one side by side, under load: the schema is upgraded beneath the old one, this one takes
 * over, the old one takes back, and this one again after a kill. Run by {@code ops/upgrade-check}, which builds the old
 * one.
 */
@EnabledIfSystemProperty(named = "outbox.test.old", matches = ".+")
final class UpgradeIT {

    private static final List<String> TENANTS = List.of("big", "big", "big", "small", "t-1", "t-2", "t-3");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private final Path old = Path.of(System.getProperty("outbox.test.old", ""));
    private final Path now = Path.of(System.getProperty("dist.directory", "target/outbox-relay"));
    private final List<Path> oldSchema = new ArrayList<>();
    private TestNats nats;
    private Connection client;
    private Outbox outbox;
    private final List<RelayProcess> relays = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        oldSchema.addAll(Repository.migrations(old));
        outbox = Outbox.ofVersion(oldSchema, "upgrade");
    }

    @AfterEach
    void stop() throws Exception {
        relays.forEach(RelayProcess::close);
        nats.close();
        outbox.close();
    }

    @Test
    void schema_and_relay_go_forward_and_back_and_forward_under_load() throws Exception {
        RelayProcess first = relay(old.resolve("relay/target/outbox-relay"));
        awaitLeads(first);
        try (Load load = Load.startWithRowsOnly(outbox, TENANTS, 4, 41)) {
            Streams.awaitMore(client, 500);
            Set<String> known = oldSchema.stream()
                    .map(file -> String.valueOf(file.getFileName()))
                    .collect(Collectors.toCollection(HashSet::new));
            for (Path file : Repository.migrations()) {
                if (known.add(String.valueOf(file.getFileName()))) {
                    long begin = System.nanoTime();
                    outbox.execute(Files.readString(file));
                    say("%s beneath the old relay: %d ms", file.getFileName(), millis(begin));
                }
            }
            Streams.awaitMore(client, 500);
            assertThat(first.leads()).as("the old relay goes on").isTrue();

            RelayProcess second = standby(now);
            end(first, second, "old to new, by SIGTERM");
            Streams.awaitMore(client, 500);
            RelayProcess third = standby(old.resolve("relay/target/outbox-relay"));
            end(second, third, "new to old, by SIGTERM");
            Streams.awaitMore(client, 500);
            RelayProcess fourth = standby(now);
            kill(third, fourth, "old to new, by kill -9");
            Streams.awaitMore(client, 500);
            RelayProcess fifth = standby(old.resolve("relay/target/outbox-relay"));
            kill(fourth, fifth, "new to old, by kill -9");
            Streams.awaitMore(client, 500);
            say("%d rows committed", load.rows());
        }
        ExactlyOnce.demand(outbox, client);
        say("%d messages: all rows once and in commit order, every row marked", Streams.total(client));
    }

    private static void end(RelayProcess leader, RelayProcess next, String what) throws Exception {
        long begin = System.nanoTime();
        assertThat(leader.terminate(PATIENCE)).isZero();
        long ended = millis(begin);
        awaitLeads(next);
        say("%s: ended after %d ms, the other leads after %d ms", what, ended, millis(begin));
    }

    private static void kill(RelayProcess leader, RelayProcess next, String what) throws Exception {
        long begin = System.nanoTime();
        leader.kill();
        awaitLeads(next);
        say("%s: the other leads after %d ms", what, millis(begin));
    }

    private RelayProcess standby(Path distribution) throws Exception {
        RelayProcess relay = relay(distribution).awaitReady();
        assertThat(relay.standsBy()).isTrue();
        return relay;
    }

    private RelayProcess relay(Path distribution) throws Exception {
        RelayProcess relay = RelayProcess.start(
                distribution, outbox.settings(nats, Map.of()), folder.resolve("relay-" + relays.size() + ".log"));
        relays.add(relay);
        return relay;
    }

    private static void awaitLeads(RelayProcess relay) {
        try {
            Await.until("it leads", PATIENCE, relay::leads);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; its log:\n" + relay.log(), e);
        }
    }

    private static long millis(long since) {
        return Duration.ofNanos(System.nanoTime() - since).toMillis();
    }

    @FormatMethod
    private static void say(String format, Object... arguments) {
        System.out.println("upgrade: " + String.format(format, arguments));
    }
}

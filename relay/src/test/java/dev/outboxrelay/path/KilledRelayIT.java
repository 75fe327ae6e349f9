package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The relay in a process of its own, killed and stopped under load: afterwards each stream holds exactly what was
 * committed, in commit order, nothing missing and nothing twice, and every row says so.
 */
final class KilledRelayIT {

    /** Fewer where the whole build has killed the default reader ten times already. */
    private static final int KILLS =
            System.getProperty("outbox.test.reader", "").isEmpty() ? 10 : 4;

    private static final long SEED = 20_260_101;
    private static final List<String> TENANTS =
            List.of("big", "big", "big", "small", "__-Oddly-NAMED-0_", "t-1", "t-2", "t-3", "t-4");

    private static int databases;

    @TempDir
    private Path folder;

    private TestNats nats;
    private Connection client;
    private Outbox outbox;
    private Map<String, String> settings = new TreeMap<>();

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("killed_" + databases++);
        settings = outbox.settings(nats, Map.of());
    }

    @AfterEach
    void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    @Test
    void killed_again_and_again_under_load_nothing_is_missing_doubled_or_out_of_order() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        try (Load load = Load.start(outbox, TENANTS, 4, SEED)) {
            for (int kill = 0; kill < KILLS; kill++) {
                try (RelayProcess relay = startRelay()) {
                    long before = Streams.total(client);
                    long more = random.nextLong(1, 600);
                    Await.until(
                            more + " more messages after start " + kill, () -> Streams.total(client) >= before + more);

                    relay.kill();
                }
            }
            load.stop();
            try (RelayProcess relay = startRelay()) {
                ExactlyOnce.demand(outbox, client);
                assertThat(relay.terminate(Duration.ofSeconds(12))).isZero();
            }
        }
    }

    @Test
    void a_signal_under_load_ends_it_with_0_and_the_next_one_goes_on() throws Exception {
        try (Load load = Load.start(outbox, TENANTS, 4, SEED)) {
            try (RelayProcess relay = startRelay().awaitReady()) {
                Await.until("300 messages", () -> Streams.total(client) >= 300);

                assertThat(relay.terminate(Duration.ofSeconds(12))).isZero();
            }
            load.stop();
            try (RelayProcess relay = startRelay().awaitReady()) {
                ExactlyOnce.demand(outbox, client);
                assertThat(relay.terminate(Duration.ofSeconds(12))).isZero();
            }
        }
    }

    private RelayProcess startRelay() throws Exception {
        return RelayProcess.start(settings, folder.resolve("relay.log"));
    }
}

package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.TcpProxy;
import dev.outboxrelay.testing.TestNats;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Looking at a stream takes longer than its tenant's events may wait: they are left to the WAL, the source is read
 * again, and that must come to an end.
 */
final class SlowLooksIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration ONE_WAY = Duration.ofMillis(200);
    private static final int ROWS = 300;

    @Test
    void a_backlog_behind_a_stream_that_is_slow_to_look_at_is_published_once_and_in_order() throws Exception {
        try (TestNats nats = TestNats.start();
                TcpProxy slow = TcpProxy.to("127.0.0.1", URI.create(nats.url()).getPort());
                Outbox outbox = Outbox.create("slow_looks")) {
            slow.slow(ONE_WAY);
            try (RelayRig rig = outbox.relay(
                    nats,
                    Map.of(
                            "outbox.nats.url",
                            "nats://" + slow.address(),
                            "outbox.lanes.park-after",
                            "300ms",
                            "outbox.lanes.tenant-max-events",
                            "100",
                            "outbox.lanes.window",
                            "50"))) {
                rig.awaitStreaming();
                outbox.execute("INSERT INTO outbox.message (tenant_id, subject, payload) SELECT"
                        + " CASE WHEN g % 10 = 0 THEN 'quiet' ELSE 'acme' END, 'events.row', 'x'"
                        + " FROM generate_series(1, " + ROWS + ") g");

                outbox.awaitAllMarked(PATIENCE);
            }
            assertThat(Streams.total(nats.connection())).isEqualTo(ROWS);
            ExactlyOnce.demand(outbox, nats.connection());
        }
    }
}

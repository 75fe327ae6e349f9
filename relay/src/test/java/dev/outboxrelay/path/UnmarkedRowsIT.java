package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Publishing is faster than marking: what is published and not marked yet has its share of the memory bound. */
final class UnmarkedRowsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ROWS = 60_000;

    /** What the contract's smallest bound has room for, with 40 bytes for a row that waits. */
    private static final long BOUND = (1 << 20) / 40;

    private static long last;
    private static long since;

    @Test
    void the_source_waits_in_the_wal_while_nothing_can_be_marked() throws Exception {
        try (TestNats nats = TestNats.start();
                Outbox outbox = Outbox.create("unmarked_rows")) {
            Connection client = nats.connection();
            try (RelayRig rig = outbox.relay(
                            nats, Map.of("outbox.lanes.max-bytes", "1MB", "outbox.lanes.tenant-max-bytes", "1MB"));
                    java.sql.Connection lock = outbox.superuser()) {
                rig.awaitStreaming();
                lock.setAutoCommit(false);
                try (var statement = lock.createStatement()) {
                    // every settling transaction has to wait for this row
                    statement.execute("SELECT FROM outbox.leader FOR UPDATE");
                }
                outbox.execute("INSERT INTO outbox.message (tenant_id, subject, payload) SELECT 'acme',"
                        + " 'events.row', 'x' FROM generate_series(1, " + ROWS + ")");

                Await.until("publishing has come to rest", PATIENCE, () -> isAtRest(Streams.total(client)));

                assertThat(last).isBetween(BOUND / 2, BOUND + 1);
                lock.rollback();
                outbox.awaitAllMarked(PATIENCE);
            }
            assertThat(Streams.total(client)).isEqualTo(ROWS);
            assertThat(outbox.count("outbox.dead_letter")).isZero();
        }
    }

    private static boolean isAtRest(long published) {
        if (published != last) {
            last = published;
            since = System.nanoTime();
        }
        return published > 0 && System.nanoTime() - since > TimeUnit.SECONDS.toNanos(1);
    }
}

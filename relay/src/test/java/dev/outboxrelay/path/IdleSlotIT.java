package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** WAL must not pile up behind an outbox into which nobody writes. */
final class IdleSlotIT {

    private static final Duration BOUND = Duration.ofSeconds(10);
    private static final int LOOKS = 3;

    @Test
    void the_slot_follows_the_wal_within_10_s_while_only_other_tables_are_written() throws Exception {
        try (TestNats nats = TestNats.start();
                Outbox outbox = Outbox.create("idle");
                RelayRig rig = outbox.relay(nats, Map.of())) {
            Connection client = nats.connection();
            outbox.execute("CREATE TABLE busy (id bigint GENERATED ALWAYS AS IDENTITY, filler text)");
            outbox.insert(Row.of("acme"));
            Await.until("the only event arrives", () -> Streams.size(client, Streams.of("acme")) == 1);
            rig.awaitStreaming();
            for (int look = 0; look < LOOKS; look++) {
                String written = write(outbox);

                Await.until("the slot is confirmed up to " + written, BOUND, () -> {
                    write(outbox);
                    return isConfirmed(outbox, written);
                });
            }
            assertThat(Streams.size(client, Streams.of("acme"))).isOne();
        }
    }

    private static String write(Outbox outbox) throws SQLException {
        outbox.execute("INSERT INTO busy (filler) SELECT repeat('x', 200) FROM generate_series(1, 50)");
        return String.valueOf(outbox.value("SELECT pg_current_wal_insert_lsn()"));
    }

    private static boolean isConfirmed(Outbox outbox, String lsn) throws SQLException {
        try (var superuser = outbox.superuser();
                Statement statement = superuser.createStatement();
                ResultSet result = statement.executeQuery("SELECT confirmed_flush_lsn >= '" + lsn
                        + "' FROM pg_replication_slots WHERE slot_name = '" + outbox.slot() + "'")) {
            return result.next() && result.getBoolean(1);
        }
    }
}

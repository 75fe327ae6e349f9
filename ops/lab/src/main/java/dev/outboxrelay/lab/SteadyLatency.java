package dev.outboxrelay.lab;

import dev.outboxrelay.testing.Await;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Commit to stored at a steady rate, up to 1,000 events a second each row in a transaction of its own, the same way for
 * everybody: PostgreSQL tells when a row's transaction was committed ({@code track_commit_timestamp}), and the stream
 * when the message was stored; the PubAck leaves the server at that moment. One thread.
 *
 * @param rate events a second
 */
record SteadyLatency(Servers servers, Load load, int rate, int seconds) {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long PAUSE_MILLIS = 200;
    private static final int WARM_UP_SECONDS = 10;

    /**
     * What was felt, and what it took.
     *
     * @param rate events a second that were written: where the machine has no more to give, fewer than asked for
     * @param clientCores of the process that moves the rows, in cores
     */
    record Result(Latencies latencies, double rate, double clientCores) {}

    Result measure(Storing contender) throws Exception {
        Backlog.clear(servers);
        TenantStreams streams = TenantStreams.of(servers);
        try (SlotCopy slot = SlotCopy.of(servers, "bench_latency")) {
            if (!contender.makesStreams()) {
                streams.create(load.tenants(), servers.nodes(), contender.batches());
            }
            try (Mover mover = contender.start(servers, load, slot)) {
                return measure(streams, slot, mover);
            }
        } finally {
            streams.deleteAll();
        }
    }

    private Result measure(TenantStreams streams, SlotCopy slot, Mover mover) throws Exception {
        try {
            Await.until("somebody reads the slot", PATIENCE, () -> {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS); // each look is a new connection
                return !mover.isAlive() || slot.isActive();
            });
            int warm = write(0, WARM_UP_SECONDS);
            Usage.Meter meter = Usage.Meter.of(servers, mover.pid());
            Duration before = meter.now().client();
            long begin = System.nanoTime();
            int all = warm + write(warm, seconds);
            double nanos = System.nanoTime() - begin;
            double cores = meter.now().client().minus(before).toNanos() / nanos;
            double written = (all - warm) * 1e9 / nanos;
            Await.until("all events are stored", PATIENCE, () -> !mover.isAlive() || streams.stored() >= all);
            return new Result(Latencies.of(millis(warm, all)), written, cores);
        } catch (AssertionError | IllegalArgumentException e) {
            throw new IllegalStateException("no latencies; the log:\n" + mover.log(), e);
        }
    }

    /** Writes for so long, or up to twice that where the machine does not keep up; returns how many rows. */
    private int write(long from, int wanted) throws Exception {
        int transaction = rate <= 1_000 ? 1 : rate / 100; // one connection does not commit much more often
        return Math.toIntExact(SteadyWriter.write(
                servers.postgres(),
                rate,
                transaction,
                (long) wanted * rate,
                Duration.ofSeconds(2L * wanted),
                (insert, number) -> {
                    long row = from + number;
                    insert.setString(1, Backlog.tenant(row, load.tenants()));
                    insert.setString(2, "events.bench.row");
                    insert.setBytes(
                            3, ByteBuffer.allocate(load.bytes()).putLong(row).array());
                    insert.setString(4, null);
                }));
    }

    private List<Double> millis(int warmUp, int all) throws Exception {
        long[] committedMicros = committed(all);
        StoredMessages stored = new StoredMessages(servers.nats().connection());
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i < load.tenants(); i++) {
            stored.storedAt(Backlog.tenant(i, load.tenants()), 0, (row, at) -> {
                if (row >= warmUp) {
                    long atMicros = ChronoUnit.MICROS.between(Instant.EPOCH, at);
                    millis.add((atMicros - committedMicros[Math.toIntExact(row)])
                            / (double) TimeUnit.MILLISECONDS.toMicros(1));
                }
            });
        }
        if (millis.size() != all - warmUp) {
            throw new IllegalStateException(millis.size() + " of " + (all - warmUp) + " events are in the streams");
        }
        return millis;
    }

    /** When each row was committed, in microseconds since 1970. */
    private long[] committed(int all) throws Exception {
        long[] micros = new long[all];
        Arrays.fill(micros, -1);
        try (Connection connection = servers.postgres().superuser();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT substring(payload FROM 1 FOR 8),"
                        + " (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint"
                        + " FROM outbox.message")) {
            while (rows.next()) {
                micros[Math.toIntExact(ByteBuffer.wrap(rows.getBytes(1)).getLong())] = rows.getLong(2);
            }
        }
        return micros;
    }
}

package dev.outboxrelay.lab;

import dev.outboxrelay.testing.ProcessStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * A drain into the tenants' streams, watched from outside, the same way for everybody: the streams tell when the first
 * and the last message were stored. What the processes used is counted from the first message that is seen to the last,
 * so that no start is in it, but the compiling of hot code is. One thread.
 */
record StoredDrain(Servers servers, Load load, Storing contender) {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final long PAUSE_MILLIS = 250;

    /** How many messages there were at a moment. */
    private record Seen(long messages, Instant at) {}

    Measured run() throws Exception {
        TenantStreams streams = TenantStreams.of(servers);
        try (SlotCopy slot = SlotCopy.of(servers, "bench_drain")) {
            if (!contender.makesStreams()) {
                streams.create(load.tenants(), servers.nodes(), contender.batches());
            }
            return watch(streams, contender.start(servers, load, slot));
        } finally {
            streams.deleteAll();
        }
    }

    private Measured watch(TenantStreams streams, Mover started) throws Exception {
        try (Mover mover = started) {
            Usage.Meter meter = Usage.Meter.of(servers, mover.pid());
            meter.forgetPeaks();
            Seen first = await(streams, mover, 1);
            Usage before = meter.now();
            double allocatedBefore = mover.allocated();
            Seen half = await(streams, mover, load.rows() / 2);
            await(streams, mover, load.rows());
            awaitSettled();
            Instant settled = Instant.now();
            Usage used = meter.now().minus(before);
            TenantStreams.Span span = streams.span();
            Instant end = contender.spends() ? settled : span.last();
            return Measured.of(
                    rate(load.rows(), span.first(), end),
                    rate(load.rows() - half.messages(), half.at(), end),
                    used,
                    load.rows() - first.messages(),
                    new Measured.Sizes(
                            ProcessStatus.peakResidentMb(mover.pid()), meter.natsPeakMb(), meter.postgresPeakMb()),
                    (mover.allocated() - allocatedBefore) / (load.rows() - first.messages()),
                    wrong(streams));
        }
    }

    private Seen await(TenantStreams streams, Mover mover, long least) throws Exception {
        long begin = System.nanoTime();
        long stored = streams.stored();
        while (stored < least) {
            if (!mover.isAlive() || System.nanoTime() - begin > PATIENCE.toNanos()) {
                throw new IllegalStateException(contender.title() + (mover.isAlive() ? " is slow: " : " ended: ")
                        + stored + " of " + load.rows() + " events stored; its log:\n" + mover.log());
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            stored = streams.stored();
        }
        return new Seen(stored, Instant.now());
    }

    /** Waits until nothing is left to be done in the table. */
    private void awaitSettled() throws Exception {
        if (contender.unsettled().isEmpty()) {
            return;
        }
        long begin = System.nanoTime();
        while (servers.value("SELECT EXISTS (" + contender.unsettled() + ")").equals("t")) {
            if (System.nanoTime() - begin > PATIENCE.toNanos()) {
                throw new IllegalStateException(contender.title() + " does not settle its rows");
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    private String wrong(TenantStreams streams) throws Exception {
        String wrong = streams.compareCounts(load);
        if (wrong.isEmpty() && contender.keepsOrder()) {
            StoredMessages stored = new StoredMessages(servers.nats().connection());
            for (int i = 0; i < load.tenants() && wrong.isEmpty(); i++) {
                wrong = stored.compare(Backlog.tenant(i, load.tenants()), 0, 0, load.each());
            }
        }
        return wrong;
    }

    private static double rate(long events, Instant from, Instant to) {
        return events / Math.max(1e-3, Duration.between(from, to).toNanos() / 1e9);
    }
}

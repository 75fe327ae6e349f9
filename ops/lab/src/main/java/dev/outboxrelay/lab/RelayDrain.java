package dev.outboxrelay.lab;

import dev.outboxrelay.testing.RelayProcess;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A backlog drained by a new relay into empty streams; afterwards the next one may drain the same backlog. */
final class RelayDrain {

    private RelayDrain() {}

    /** Drains everything that the relay's own slot holds, through a copy of that slot. */
    static Drained run(Servers servers, int rows, String javaOptions, Map<String, String> settings) throws Exception {
        Map<String, String> all = new TreeMap<>(settings);
        try (SlotCopy slot = SlotCopy.of(servers, "bench_drain")) {
            all.put("outbox.postgres.slot", slot.name());
            return run(rows, servers.relay(javaOptions, all));
        } finally {
            TenantStreams.of(servers).deleteAll();
        }
    }

    private static Drained run(int rows, RelayProcess started) throws Exception {
        try (RelayProcess relay = started) {
            double already = Published.await(relay, 1, Duration.ofMinutes(1));
            Duration before = relay.cpu();
            Map<String, Duration> threadsBefore = relay.cpuByThread();
            long begin = System.nanoTime();
            Published.await(relay, rows, Duration.ofMinutes(10));
            double seconds = (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
            double micros = relay.cpu().minus(before).toNanos() / 1_000.0;
            Map<String, Double> threads = new TreeMap<>();
            relay.cpuByThread()
                    .forEach((name, cpu) -> threads.put(
                            name,
                            cpu.minus(threadsBefore.getOrDefault(name, Duration.ZERO))
                                            .toNanos()
                                    / 1_000.0
                                    / (rows - already)));
            long peakMb = relay.peakResidentMb();
            relay.terminate(Duration.ofSeconds(30)); // a flight recording is written at an orderly end only
            return new Drained((rows - already) / seconds, micros / (rows - already), peakMb, threads);
        }
    }
}

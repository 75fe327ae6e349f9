package dev.outboxrelay.lab;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import io.nats.client.JetStreamManagement;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A backlog drained by a new relay into empty streams; afterwards the next one may drain the same backlog. */
final class RelayDrain {

    private static final String SLOT = "bench_drain";

    private RelayDrain() {}

    /** Drains everything that the relay's own slot holds, through a copy of that slot. */
    static Drained run(Servers servers, int rows, String javaOptions, Map<String, String> settings) throws Exception {
        servers.postgres().execute("SELECT pg_copy_logical_replication_slot('outbox_relay', '" + SLOT + "')");
        Map<String, String> all = new TreeMap<>(settings);
        all.put("outbox.postgres.slot", SLOT);
        try (RelayProcess relay = servers.relay(javaOptions, all)) {
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
            relay.terminate(Duration.ofSeconds(30)); // a flight recording is written at an orderly end only
            return new Drained((rows - already) / seconds, micros / (rows - already), threads);
        } finally {
            dropSlot(servers);
            deleteStreams(servers);
        }
    }

    private static void dropSlot(Servers servers) throws Exception {
        Await.until(
                "a free slot",
                Duration.ofSeconds(30),
                () -> servers.value(
                                "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + SLOT + "' AND active")
                        .equals("0"));
        servers.postgres().execute("SELECT pg_drop_replication_slot('" + SLOT + "')");
    }

    private static void deleteStreams(Servers servers) throws Exception {
        JetStreamManagement management = servers.nats().connection().jetStreamManagement();
        for (String stream : management.getStreamNames()) {
            boolean deleted = management.deleteStream(stream);
            if (!deleted) {
                System.err.println("stream " + stream + " could not be deleted: the next round starts behind it");
            }
        }
    }
}

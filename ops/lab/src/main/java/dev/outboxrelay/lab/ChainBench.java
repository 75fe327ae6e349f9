package dev.outboxrelay.lab;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import io.nats.client.JetStreamManagement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What the chain of expected sequences costs: the same backlog drained by turns with it and without it, each time by a
 * new relay into empty streams.
 */
@Command(name = "chain", description = "Throughput with and without the chain of expected sequences.")
final class ChainBench implements Callable<Integer> {

    @Option(names = "--rows", defaultValue = "200000")
    private int rows;

    @Option(names = "--rounds", defaultValue = "5")
    private int rounds;

    @Override
    public Integer call() throws Exception {
        try (Servers servers = Servers.start()) {
            Backlog.insert(servers, rows, 500, 50);
            List<Double> ratios = new ArrayList<>();
            double unused = drain(servers, "none"); // the first one warms the servers up
            for (int round = 1; round <= rounds; round++) {
                // by turns first and second: whatever grows or warms up from run to run favours neither
                boolean withFirst = round % 2 == 1;
                double first = drain(servers, withFirst ? "none" : "chain");
                double second = drain(servers, withFirst ? "chain" : "none");
                double with = withFirst ? first : second;
                double without = withFirst ? second : first;
                ratios.add(with / without);
                System.out.printf(
                        Locale.ROOT,
                        "round %d: with the chain %,8.0f events/s, without %,8.0f, ratio %.2f%n",
                        round,
                        with,
                        without,
                        with / without);
            }
            Collections.sort(ratios);
            System.out.printf(Locale.ROOT, "median ratio %.2f over %d rounds%n", ratios.get(ratios.size() / 2), rounds);
            return 0;
        }
    }

    /** Events a second from the first stored to the last. */
    private double drain(Servers servers, String broken) throws Exception {
        servers.postgres().execute("SELECT pg_copy_logical_replication_slot('outbox_relay', 'bench_chain')");
        JetStreamManagement management = servers.nats().connection().jetStreamManagement();
        try (RelayProcess relay = servers.relay(
                "-Doutbox.test.break=" + broken,
                Map.of("outbox.settle.mode", "keep", "outbox.postgres.slot", "bench_chain"))) {
            Await.until("the first event", Duration.ofMinutes(1), () -> BacklogBench.published(relay) > 0);
            double already = BacklogBench.published(relay);
            long begin = System.nanoTime();
            Await.until("every event", Duration.ofMinutes(10), () -> BacklogBench.published(relay) >= rows);
            double seconds = (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
            return (rows - already) / seconds;
        } finally {
            Await.until(
                    "a free slot",
                    Duration.ofSeconds(30),
                    () -> servers.value(
                                    "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'bench_chain' AND active")
                            .equals("0"));
            servers.postgres().execute("SELECT pg_drop_replication_slot('bench_chain')");
            for (String stream : management.getStreamNames()) {
                boolean deleted = management.deleteStream(stream);
                if (!deleted) {
                    System.err.println("stream " + stream + " could not be deleted: the next round starts behind it");
                }
            }
        }
    }
}

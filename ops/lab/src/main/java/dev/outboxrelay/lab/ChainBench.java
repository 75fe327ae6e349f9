package dev.outboxrelay.lab;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
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

    private double drain(Servers servers, String broken) throws Exception {
        return RelayDrain.run(servers, rows, "-Doutbox.test.break=" + broken, Map.of("outbox.settle.mode", "keep"))
                .rate();
    }
}

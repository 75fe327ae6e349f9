package dev.outboxrelay.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The two readers side by side: the same backlog read by turns, first by the source alone, which drops what it has
 * decoded, then by a whole relay. Rounds are interleaved, so that what else happens on the machine meets both.
 */
@Command(name = "reader", description = "The lean reader beside the stock one.")
final class ReaderBench implements Callable<Integer> {

    private static final List<String> READERS = List.of("stock", "lean");

    @Option(names = "--rows", defaultValue = "200000")
    private int rows;

    @Option(names = "--bytes", defaultValue = "500")
    private int bytes;

    @Option(names = "--tenants", defaultValue = "50")
    private int tenants;

    @Option(names = "--rounds", defaultValue = "3")
    private int rounds;

    @Option(names = "--settle", defaultValue = "keep")
    private String settle;

    @Option(names = "--java-options", description = "For the relays and the sources alone.", defaultValue = "")
    private String javaOptions;

    @Override
    public Integer call() throws Exception {
        try (Servers servers = Servers.start()) {
            Backlog.insert(servers, rows, bytes, tenants);
            List<Drained> received = new ArrayList<>();
            Sides sources = new Sides(new ArrayList<>(), new ArrayList<>());
            Sides relays = new Sides(new ArrayList<>(), new ArrayList<>());
            for (int round = 1; round <= rounds; round++) {
                received.add(new Drained(rows / PgRecvlogical.receive(servers), 0));
                for (String reader : READERS) {
                    sources.of(reader).add(SourceDrain.run(servers, rows, reader, options()));
                }
                for (String reader : READERS) {
                    relays.of(reader)
                            .add(RelayDrain.run(
                                    servers,
                                    rows,
                                    javaOptions,
                                    Map.of("outbox.settle.mode", settle, "outbox.source.reader", reader)));
                }
            }
            print("pg_recvlogical", received);
            print("source alone", sources);
            print("relay, settle " + settle, relays);
            return 0;
        }
    }

    /** The rounds of both readers. */
    private record Sides(List<Drained> stock, List<Drained> lean) {
        List<Drained> of(String reader) {
            return reader.equals("lean") ? lean : stock;
        }
    }

    private List<String> options() {
        return javaOptions.isBlank() ? List.of() : List.of(javaOptions.strip().split("\\s+", -1));
    }

    private static void print(String what, Sides readers) {
        READERS.forEach(reader -> print(what + ", " + reader, readers.of(reader)));
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < readers.lean().size(); round++) {
            ratios.add(readers.lean().get(round).rate()
                    / readers.stock().get(round).rate());
        }
        System.out.printf(
                Locale.ROOT,
                "%-28s lean : stock = %.2f in events/s, %.2f in CPU%n",
                "",
                ratios.stream()
                        .mapToDouble(r -> r)
                        .sorted()
                        .skip((ratios.size() - 1) / 2)
                        .findFirst()
                        .orElseThrow(),
                Drained.median(readers.lean(), Drained::cpuMicros)
                        / Drained.median(readers.stock(), Drained::cpuMicros));
    }

    private static void print(String what, List<Drained> rounds) {
        StringBuilder all = new StringBuilder();
        rounds.forEach(round -> all.append(String.format(Locale.ROOT, " %,.0f", round.rate())));
        System.out.printf(
                Locale.ROOT,
                "%-28s %,9.0f events/s %7.1f µs of CPU an event  (rounds:%s)%n",
                what,
                Drained.median(rounds, Drained::rate),
                Drained.median(rounds, Drained::cpuMicros),
                all);
        String threads = rounds.get(rounds.size() - 1).threads();
        if (!threads.isEmpty()) {
            System.out.printf("%-28s last round by thread, µs an event: %s%n", "", threads);
        }
    }
}

package dev.outboxrelay.lab;

import static dev.outboxrelay.lab.IsolationReport.say;

import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.Repository;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The same backlog drained by the relay, by what it is made of and by others, all in one run against the same two
 * servers. Rounds are interleaved and their order rotates, so that what else happens on the machine meets everybody.
 */
@Command(
        name = "headline",
        showDefaultValues = true,
        description = {
            "The relay beside what bounds it and beside others: events/s, processor time, memory, latency.",
            "Exit code 1 if a bound that the project sets itself is missed, or if anything stored is not what it should be."
        })
final class HeadlineBench implements Callable<Integer> {

    /** Who is left out of the table that everybody looks at. */
    private static final Set<String> ASIDE = Set.of("b-acks", "b-fast", "b-atomic", "d-stock", "d-batches");

    @Option(names = "--rows", defaultValue = "300000")
    private int rows;

    @Option(names = "--bytes", defaultValue = "500")
    private int bytes;

    @Option(names = "--tenants", defaultValue = "50")
    private int tenants;

    @Option(names = "--rounds", defaultValue = "2")
    private int rounds;

    @Option(names = "--latency-rate", defaultValue = "1000", description = "Events a second.")
    private int latencyRate;

    @Option(names = "--latency-seconds", defaultValue = "15", description = "0 for no latencies.")
    private int latencySeconds;

    @Option(names = "--latency-rounds", defaultValue = "1")
    private int latencyRounds;

    @Option(
            names = "--full",
            description =
                    "Latencies at 100 and 5,000 events a second, the stock reader, batches, and a sparse walk over row sizes,"
                            + " tenants and three replicas too.")
    private boolean full;

    @Option(
            names = "--walk",
            split = ",",
            description = "Only these places of the sparse walk; a wrong one tells which there are.")
    private List<String> walk = List.of();

    @Option(names = "--walk-rounds", defaultValue = "1", description = "Of the places that --walk names.")
    private int walkRounds;

    @Option(
            names = "--contender",
            split = ",",
            description =
                    "a, b, b-acks, b-fast, b-atomic, c-stock, c-lean, d, d-batches, d-stock, d-mark, d-delete, e, f;"
                            + " by default all but b-acks, b-fast, b-atomic, d-batches, d-stock.")
    private List<String> only = List.of();

    @Option(names = "--svg", description = "A file to draw the result into.")
    private @Nullable Path svg;

    private final HeadlineReport report = new HeadlineReport();
    /** What is in the outbox now; null when somebody has spent it. */
    private @Nullable Load backlog;

    @Override
    public Integer call() throws Exception {
        if (!SparseWalk.places().containsAll(walk)) {
            System.err.println(
                    "--walk " + String.join(",", walk) + ": the places are " + String.join(", ", SparseWalk.places()));
            return 2;
        }
        long begin = System.nanoTime();
        Load load = new Load(rows, bytes, tenants);
        List<Contender> contenders = contenders();
        contenders.forEach(report::contender);
        // SteadyLatency asks for the time of each commit
        try (Servers servers = Servers.start(PostgresOptions.defaults().with("track_commit_timestamp", "on"))) {
            String machine = Machine.describe(servers);
            say("%s", machine);
            if (!walk.isEmpty()) {
                return new SparseWalk(contenders, walk, walkRounds).run(servers) ? 0 : 1;
            }
            say(
                    "%,d rows of %d bytes for %d tenants, %d rounds; (f) gets %,d of them",
                    rows, bytes, tenants, rounds, load.quarter().rows());
            servers.postgres().execute(Files.readString(Repository.root().resolve("schema/optional/grant-delete.sql")));
            for (int round = 1; round <= rounds; round++) {
                for (Contender contender : order(contenders, round)) {
                    renew(servers, contender.share(load));
                    report.drained(round, contender, contender.drain(servers, contender.share(load)));
                    if (contender.spends()) {
                        backlog = null;
                    }
                }
            }
            latencies(servers, load, contenders);
            boolean passed = report.end(latencyRate);
            if (full) {
                passed &= new SparseWalk(contenders, List.of(), 1).run(servers);
            }
            say("%.1f minutes", (System.nanoTime() - begin) / (double) TimeUnit.MINUTES.toNanos(1));
            Path file = svg;
            if (file != null) {
                String what = String.format(Locale.ROOT, "%,d rows of %d bytes, %d tenants; ", rows, bytes, tenants);
                Files.writeString(file, report.svg(what + machine, latencyRate));
            }
            return passed ? 0 : 1;
        }
    }

    private List<Contender> contenders() {
        List<Contender> all = new ArrayList<>(List.of(
                new ReceiveOnly(),
                new PublishLoop(),
                new IngestLoop(Batches.NONE),
                new IngestLoop(Batches.FAST),
                new IngestLoop(Batches.ATOMIC),
                new ReadOnly("stock"),
                new ReadOnly("lean"),
                new RelayContender("keep"),
                new RelayContender("keep", "stock"),
                RelayContender.batching(),
                new RelayContender("mark"),
                new RelayContender("delete")));
        if (isWanted("e")) {
            debeziumServer().ifPresent(all::add);
        }
        all.add(new Poller());
        all.removeIf(contender -> !isWanted(contender.key()));
        return all;
    }

    private boolean isWanted(String key) {
        return only.isEmpty() ? full || !walk.isEmpty() || !ASIDE.contains(key) : only.contains(key);
    }

    private Optional<Contender> debeziumServer() {
        Optional<Path> java = NewerJava.home(DebeziumServer.JAVA_VERSION);
        if (java.isEmpty()) {
            report.note("(e) is left out: Debezium Server needs Java " + DebeziumServer.JAVA_VERSION
                    + " or newer, and there is none beside this one nor in /usr/lib/jvm. Set " + NewerJava.VARIABLE
                    + " to the home of one.");
            return Optional.empty();
        }
        try {
            return Optional.of(new DebeziumServer(java.get(), Repository.debeziumServer()));
        } catch (IllegalStateException e) {
            report.note("(e) is left out: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** By turns another one first. Those who change the backlog come last: for each of them it has to be made anew. */
    private static List<Contender> order(List<Contender> contenders, int round) {
        List<Contender> keeping = new ArrayList<>(contenders);
        keeping.removeIf(Contender::spends);
        List<Contender> spending = new ArrayList<>(contenders);
        spending.removeIf(contender -> !contender.spends());
        Collections.rotate(keeping, 1 - round);
        Collections.rotate(spending, 1 - round);
        keeping.addAll(spending);
        return keeping;
    }

    private void renew(Servers servers, Load wanted) throws Exception {
        if (!wanted.equals(backlog)) {
            Backlog.renew(servers, wanted);
            backlog = wanted;
        }
    }

    private void latencies(Servers servers, Load load, List<Contender> contenders) throws Exception {
        if (latencySeconds == 0) {
            return;
        }
        SteadyLatency latency = new SteadyLatency(servers, load, latencyRate, latencySeconds);
        for (int round = 1; round <= latencyRounds; round++) {
            for (Contender contender : order(contenders, round)) {
                if (contender instanceof Storing storing && List.of("d", "e").contains(contender.key())) {
                    report.felt(contender, latency.measure(storing));
                    for (int other : otherRates(contender)) {
                        feltAt(servers, load, storing, other);
                    }
                }
            }
        }
    }

    /** 80 % of its own maximum, and with --full two more. */
    private List<Integer> otherRates(Contender contender) {
        List<Integer> rates = new ArrayList<>(full ? List.of(100, 5_000) : List.of());
        report.rate(contender.key()).ifPresent(most -> rates.add(Math.max(1, (int) (0.8 * most))));
        return rates;
    }

    /** At such a rate somebody may fall behind for good: that is a finding, and no reason to lose the table. */
    private void feltAt(Servers servers, Load load, Storing storing, int other) throws Exception {
        try {
            report.feltAt(storing, other, new SteadyLatency(servers, load, other, latencySeconds).measure(storing));
        } catch (IllegalStateException e) {
            report.note(String.format(Locale.ROOT, "%s at %,d events/s: %s", storing.title(), other, firstLine(e)));
        }
    }

    static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}

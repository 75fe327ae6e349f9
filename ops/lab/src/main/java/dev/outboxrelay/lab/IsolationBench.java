package dev.outboxrelay.lab;

import static dev.outboxrelay.lab.IsolationReport.say;

import dev.outboxrelay.lab.IsolationReport.Phase;
import dev.outboxrelay.lab.IsolationReport.Scenario;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import io.nats.client.api.StreamConfiguration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What quiet tenants notice of one more that gives trouble, in three ways. One PostgreSQL, one nats-server, one relay
 * and the quiet writers run all the time; rounds take the kinds of trouble by turns.
 */
@Command(
        name = "isolation",
        showDefaultValues = true,
        description = {
            "Quiet tenants beside one that bursts, is refused or sends poison.",
            "Exit code 1 if they notice more than is allowed, or if anything is lost or out of order."
        })
final class IsolationBench implements Callable<Integer> {

    private static final double MB = 1L << 20;
    private static final String QUIET = "quiet-";
    private static final int REFUSED_BYTES = 4_096;
    private static final long BLOCKED_RATE = 10_000;

    @Option(names = "--rounds", defaultValue = "5")
    private int rounds;

    @Option(names = "--million-rounds", defaultValue = "1", description = "The first rounds have a-million too.")
    private int millionRounds;

    @Option(
            names = "--scenario",
            split = ",",
            description = "a-burst, b-refused, c-poison, a-million, d-blocked; all but the last by default.")
    private List<String> only = List.of();

    @Option(names = "--quiet-tenants", defaultValue = "20")
    private int quietTenants;

    @Option(names = "--quiet-rate", defaultValue = "10", description = "Events a second of each.")
    private int quietRate;

    @Option(names = "--quiet-seconds", defaultValue = "10", description = "Before and after each trouble.")
    private int quietSeconds;

    @Option(names = "--burst", defaultValue = "10000", description = "Events within a second.")
    private long burst;

    @Option(names = "--million", defaultValue = "1000000", description = "Rows of one transaction.")
    private long million;

    @Option(names = "--refuse-seconds", defaultValue = "300")
    private int refuseSeconds;

    @Option(names = "--refused-rate", defaultValue = "200", description = "Events a second into the refusing stream.")
    private int refusedRate;

    @Option(names = "--wal-budget-mb", defaultValue = "256")
    private long walBudgetMb;

    @Option(names = "--poison-seconds", defaultValue = "30")
    private int poisonSeconds;

    @Option(
            names = "--poison-rate",
            defaultValue = "200",
            description = "Events a second; as many as of all quiet tenants together.")
    private int poisonRate;

    @Option(names = "--spill", negatable = true, defaultValue = "true", fallbackValue = "true")
    private boolean spill;

    @Option(names = "--reader", defaultValue = "lean", description = "lean or stock.")
    private String reader;

    private final IsolationReport report = new IsolationReport();
    private final Map<Scenario, Neighbour> neighbours = new HashMap<>();
    /** Milliseconds that a quiet event waited at most while the last trouble was on. */
    private double worst;

    /** What 99 of 100 quiet events waited before it, in milliseconds. */
    private double usual;

    @Override
    public Integer call() throws Exception {
        long begin = System.nanoTime();
        Path disk = Files.createTempDirectory("outbox-relay-spill");
        try (Servers servers = Servers.start();
                RelayProcess relay = servers.relay("", settings(disk))) {
            relay.awaitReady();
            say("%s", Machine.describe(servers));
            say(
                    "%d quiet tenants with %d events/s each, 500 bytes; outbox.postgres.wal-budget %d MB,"
                            + " outbox.source.reader %s, %s outbox.lanes.spill-directory",
                    quietTenants, quietRate, walBudgetMb, reader, spill ? "with" : "without");
            StoredMessages stored = new StoredMessages(servers.nats().connection());
            for (Scenario scenario : Scenario.values()) {
                String tenant = scenario.name().toLowerCase(Locale.ROOT);
                neighbours.put(scenario, new Neighbour(tenant, servers, relay, stored));
            }
            try (SteadyWriter quiet = quietWriter(servers);
                    RetainedWal retained = RetainedWal.watch(servers)) {
                Stage stage = new Stage(servers, stored, quiet, retained);
                warmUp(stage);
                for (int round = 1; round <= rounds; round++) {
                    for (Scenario scenario : order(round)) {
                        run(stage, round, scenario);
                    }
                }
                nothingOfTheQuietIsLost(stage);
            }
            boolean passed = report.end();
            say("%.0f minutes in all", (System.nanoTime() - begin) / (double) TimeUnit.MINUTES.toNanos(1));
            return passed ? 0 : 1;
        }
    }

    private Map<String, String> settings(Path disk) {
        Map<String, String> settings = new HashMap<>();
        settings.put("outbox.settle.mode", "mark");
        settings.put("outbox.postgres.wal-budget", walBudgetMb + "MB");
        settings.put("outbox.source.reader", reader);
        if (spill) {
            settings.put("outbox.lanes.spill-directory", disk.toString());
        }
        return settings;
    }

    /** What all scenarios have in common. */
    private record Stage(Servers servers, StoredMessages stored, SteadyWriter quiet, RetainedWal retained) {}

    private SteadyWriter quietWriter(Servers servers) {
        byte[] payload = new byte[500];
        return SteadyWriter.start(servers.postgres(), quietTenants * quietRate, 1, (insert, number) -> {
            insert.setString(1, QUIET + number % quietTenants);
            insert.setString(2, "events.bench.row");
            insert.setBytes(3, payload);
            insert.setString(4, null);
        });
    }

    /** By turns another one first: whatever grows from round to run favours none. */
    private List<Scenario> order(int round) {
        List<Scenario> order = new ArrayList<>(Arrays.asList(Scenario.values()));
        order.removeIf(scenario -> only.isEmpty() ? scenario == Scenario.BLOCKED : !only.contains(scenario.toString()));
        Collections.rotate(order, 1 - round);
        order.removeIf(scenario -> scenario == Scenario.MILLION && round > millionRounds);
        return order;
    }

    /** Compiles what will be hot, here and in the relay, and makes the streams. */
    private void warmUp(Stage stage) throws Exception {
        Neighbour refused = neighbour(Scenario.REFUSED);
        refused.insert(100, 1, Duration.ofSeconds(1));
        Neighbour blocked = neighbour(Scenario.BLOCKED);
        blocked.insert(100, 1, Duration.ofSeconds(1));
        for (Scenario scenario : List.of(Scenario.BURST, Scenario.MILLION)) {
            Neighbour neighbour = neighbour(scenario);
            long rows = 30_000;
            openSlot(stage);
            neighbour.insert(rows, 100, Duration.ofSeconds(3));
            String end = end(stage);
            neighbour.awaitStored(rows);
            double[] unused = decode(stage, neighbour, rows, end);
        }
        refused.awaitStored(100);
        blocked.awaitStored(100);
        pause(10);
        say("warmed up");
    }

    private void run(Stage stage, int round, Scenario scenario) throws Exception {
        long[] from = new long[quietTenants];
        for (int i = 0; i < quietTenants; i++) {
            from[i] = stage.stored().last(QUIET + i);
        }
        List<Phase> phases = new ArrayList<>();
        double wal = walEnd(stage);
        quietly("before", phases);
        double quietWal = (walEnd(stage) - wal) / quietSeconds;
        Runnable verdicts = switch (scenario) {
            case BURST -> burst(stage, round, scenario, burst, 100, phases);
            case MILLION -> burst(stage, round, scenario, million, million, phases);
            case REFUSED -> refused(stage, round, quietWal, phases);
            case POISON -> poison(round, phases);
            case BLOCKED -> blocked(stage, round, phases);
        };
        awaitQuiet(stage, stage.quiet().written());
        List<StoredMessages.Timed> events = new ArrayList<>();
        for (int i = 0; i < quietTenants; i++) {
            stage.stored().times(QUIET + i, from[i], events::add);
        }
        for (Phase phase : phases) {
            Latencies latencies = Latencies.of(events.stream()
                    .filter(event -> phase.contains(event.committed()))
                    .map(StoredMessages.Timed::millis)
                    .toList());
            report.phase(round, scenario, phase.name(), latencies);
            if (phase.name().equals("before")) {
                usual = latencies.p99();
            }
            if (phase.name().equals("during")) {
                worst = latencies.max();
                say("round %d  %-10s slowest seconds of it: %s", round, scenario, slowest(events, phase));
            }
        }
        verdicts.run();
    }

    /** Where to look for a cause: five seconds since the phase began, the worst first, and their p99. */
    private static String slowest(List<StoredMessages.Timed> events, Phase phase) {
        Map<Long, List<Double>> seconds = events.stream()
                .filter(event -> phase.contains(event.committed()))
                .collect(Collectors.groupingBy(
                        event -> Duration.between(phase.from(), event.committed())
                                .toSeconds(),
                        Collectors.mapping(StoredMessages.Timed::millis, Collectors.toList())));
        Map<Long, Double> p99 = new TreeMap<>();
        seconds.forEach((second, millis) -> p99.put(second, Latencies.of(millis).p99()));
        return p99.entrySet().stream()
                .sorted(Map.Entry.<Long, Double>comparingByValue().reversed())
                .limit(5)
                .map(second -> String.format(Locale.ROOT, "+%d s %.0f ms", second.getKey(), second.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** Ten thousand within a second, or all in one transaction: until every one of them is stored. */
    private Runnable burst(Stage stage, int round, Scenario scenario, long rows, long transaction, List<Phase> phases)
            throws Exception {
        Neighbour neighbour = neighbour(scenario);
        long behind = stage.stored().last(neighbour.tenant());
        long first = neighbour.next();
        double taken = neighbour.taken();
        double blockedBefore = neighbour.readerBlocked();
        openSlot(stage);
        Instant begin = Instant.now();
        long inserting = System.nanoTime();
        neighbour.insert(rows, transaction, Duration.ofSeconds(1));
        double inserted = seconds(inserting);
        String end = end(stage);
        long committed = System.nanoTime();
        neighbour.awaitTaken(taken + rows);
        Instant taking = Instant.now();
        double blocked = neighbour.readerBlocked() - blockedBefore;
        neighbour.awaitStored(behind + rows);
        double all = seconds(committed);
        phases.add(new Phase("during", begin, Instant.now()));
        say("round %d  %-10s all %,d events stored", round, scenario, rows);
        quietly("after", phases);
        neighbour.awaitLetters("parked", 0);
        // rows are marked behind the events; until then they keep WAL, and the next trouble is another's
        awaitConfirmed(stage, end);
        double settled = seconds(committed);
        compare(stage, round, scenario, behind, first, rows);
        // the server commits before it answers: what was written meanwhile lies behind the burst already
        double read = Duration.between(stage.stored().committed(neighbour.tenant(), behind + rows), taking)
                        .toMillis()
                / 1_000.0;
        double[] decoded = decode(stage, neighbour, rows, end);
        return () -> {
            report.verdict(
                    round,
                    scenario,
                    worst <= 1_000 * Math.max(read, decoded[1]) + usual,
                    String.format(
                            Locale.ROOT,
                            "a quiet event waited %.0f ms at most; decoding the %,d events took the relay %.0f ms from their"
                                    + " last commit on while it published them (inserted within %.1f s, stored after %.1f s, rows"
                                    + " marked after at most %.1f s);"
                                    + " with nothing else to do its reader takes %.0f ms and pg_recvlogical %.0f ms if nothing is done"
                                    + " with them",
                            worst,
                            rows,
                            1_000 * read,
                            inserted,
                            all,
                            settled,
                            1_000 * decoded[1],
                            1_000 * decoded[0]));
            report.verdict(
                    round,
                    scenario,
                    blocked <= Math.max(read, decoded[1]) / 10,
                    String.format(Locale.ROOT, "of which its reader waited %.0f ms for memory", 1_000 * blocked));
        };
    }

    /** A stream that refuses everything, and a writer who goes on; then it takes messages again. */
    private Runnable refused(Stage stage, int round, double quietWal, List<Phase> phases) throws Exception {
        Neighbour neighbour = neighbour(Scenario.REFUSED);
        long behind = stage.stored().last(neighbour.tenant());
        long first = neighbour.next();
        StreamConfiguration open = neighbour.refuse();
        stage.retained().begin();
        double wal = walEnd(stage);
        Instant begin = Instant.now();
        long rows;
        try (SteadyWriter writer = neighbour.numbered(refusedRate, REFUSED_BYTES)) {
            pause(refuseSeconds);
            rows = writer.stop();
        }
        Instant end = Instant.now();
        phases.add(new Phase("during", begin, end));
        neighbour.wrote(rows);
        long stored = stage.stored().last(neighbour.tenant()) - behind;
        long parked = neighbour.letters("parked");
        double written = walEnd(stage) - wal;
        double kept = stage.retained().greatest();
        stage.retained().begin();
        // what the slot would keep of it if nothing was parked, at the least: what quiet tenants write, and the
        // payloads
        double unparked = quietWal * refuseSeconds + rows * (double) REFUSED_BYTES;
        say(
                "round %d  %-10s refused for %d s: %,d events written, %,d stored, %,d parked",
                round, Scenario.REFUSED, refuseSeconds, rows, stored, parked);
        neighbour.accept(open);
        long opened = System.nanoTime();
        neighbour.awaitStored(behind + rows);
        neighbour.awaitLetters("parked", 0);
        double drained = seconds(opened);
        phases.add(new Phase("drain", end, Instant.now()));
        double draining = stage.retained().greatest();
        quietly("after", phases);
        compare(stage, round, Scenario.REFUSED, behind, first, rows);
        return () -> {
            report.verdict(round, Scenario.REFUSED, stored == 0 && parked > 0, "refused and parked, nothing stored");
            report.verdict(
                    round,
                    Scenario.REFUSED,
                    kept < walBudgetMb * MB,
                    String.format(
                            Locale.ROOT,
                            "the slot kept %.0f MB of WAL at most while it refused, budget %d MB; written meanwhile were"
                                    + " %.0f MB, without parking it would have kept %.0f MB at least (%.2f MB/s of the quiet tenants"
                                    + " for %d s, and %,d x %,d bytes)%s",
                            kept / MB,
                            walBudgetMb,
                            written / MB,
                            unparked / MB,
                            quietWal / MB,
                            refuseSeconds,
                            rows,
                            REFUSED_BYTES,
                            unparked > walBudgetMb * MB
                                    ? ""
                                    : ": less than the budget, so this run is too short for it to mean anything"));
            report.verdict(
                    round,
                    Scenario.REFUSED,
                    draining < walBudgetMb * MB,
                    String.format(
                            Locale.ROOT,
                            "the slot kept %.0f MB at most while what was parked went out within %.1f s",
                            draining / MB,
                            drained));
        };
    }

    /** So many events behind a stream that refuses everything: all of them are parked, in the memory there is. */
    private Runnable blocked(Stage stage, int round, List<Phase> phases) throws Exception {
        Neighbour neighbour = neighbour(Scenario.BLOCKED);
        long behind = stage.stored().last(neighbour.tenant());
        long first = neighbour.next();
        StreamConfiguration open = neighbour.refuse();
        Instant begin = Instant.now();
        long writing = System.nanoTime();
        neighbour.insert(million, 1_000, Duration.ofSeconds(million / BLOCKED_RATE));
        neighbour.awaitLetters("parked", million);
        double parked = seconds(writing);
        Instant opened = Instant.now();
        phases.add(new Phase("during", begin, opened));
        say("round %d  %-10s %,d events parked after %.0f s", round, Scenario.BLOCKED, million, parked);
        neighbour.accept(open);
        long draining = System.nanoTime();
        neighbour.awaitStored(behind + million);
        neighbour.awaitLetters("parked", 0);
        double drained = seconds(draining);
        phases.add(new Phase("drain", opened, Instant.now()));
        quietly("after", phases);
        compare(stage, round, Scenario.BLOCKED, behind, first, million);
        return () -> say(
                "round %d  %-10s parked within %.0f s, sent within %.0f s; the relay (-Xmx256m) had %d MB resident at most",
                round, Scenario.BLOCKED, parked, drained, neighbour.peakResidentMb());
    }

    /** A tenant all of whose events are poison. */
    private Runnable poison(int round, List<Phase> phases) throws Exception {
        Neighbour neighbour = neighbour(Scenario.POISON);
        long before = neighbour.letters("dead");
        Instant begin = Instant.now();
        long rows;
        try (SteadyWriter writer = neighbour.poison(poisonRate)) {
            pause(poisonSeconds);
            rows = writer.stop();
        }
        neighbour.awaitLetters("dead", before + rows);
        phases.add(new Phase("during", begin, Instant.now()));
        say("round %d  %-10s %,d events written in %d s", round, Scenario.POISON, rows, poisonSeconds);
        quietly("after", phases);
        long dead = neighbour.letters("dead") - before;
        return () -> report.verdict(
                round,
                Scenario.POISON,
                dead == rows,
                String.format(Locale.ROOT, "%,d of %,d events are dead letters", dead, rows));
    }

    private Neighbour neighbour(Scenario scenario) {
        return Objects.requireNonNull(neighbours.get(scenario));
    }

    private void quietly(String name, List<Phase> phases) throws InterruptedException {
        Instant from = Instant.now();
        pause(quietSeconds);
        phases.add(new Phase(name, from, Instant.now()));
    }

    private static void pause(int seconds) throws InterruptedException {
        TimeUnit.SECONDS.sleep(seconds);
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    private void compare(Stage stage, int round, Scenario scenario, long behind, long first, long rows)
            throws Exception {
        String wrong = stage.stored().compare(neighbour(scenario).tenant(), behind, first, rows);
        report.verdict(
                round,
                scenario,
                wrong.isEmpty(),
                wrong.isEmpty() ? String.format(Locale.ROOT, "%,d events stored once and in order", rows) : wrong);
    }

    /** Bytes of WAL since the server was made. */
    private static double walEnd(Stage stage) throws Exception {
        return Double.parseDouble(stage.servers().value("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"));
    }

    private static String end(Stage stage) throws Exception {
        return stage.servers().value("SELECT pg_current_wal_lsn()");
    }

    private static void awaitConfirmed(Stage stage, String end) {
        Await.until(
                "the slot is confirmed up to " + end,
                Duration.ofMinutes(10),
                () -> stage.servers()
                        .value("SELECT confirmed_flush_lsn >= '" + end
                                + "' FROM pg_replication_slots WHERE slot_name = 'outbox_relay'")
                        .equals("t"));
    }

    /** Remembers where the WAL is, so that what comes can be decoded once more later. */
    private static void openSlot(Stage stage) throws Exception {
        stage.servers().postgres().execute("SELECT pg_create_logical_replication_slot('bench_receive', 'pgoutput')");
    }

    /** Seconds that pg_recvlogical and the relay's reader need for what was written since. */
    private double[] decode(Stage stage, Neighbour neighbour, long rows, String end) throws Exception {
        Servers servers = stage.servers();
        servers.postgres().execute("SELECT pg_copy_logical_replication_slot('bench_receive', 'bench_engine')");
        double received = Decoding.received(servers, "bench_receive", end);
        double read = Decoding.read(servers, reader, "bench_engine", neighbour.tenant(), rows);
        for (String slot : List.of("bench_receive", "bench_engine")) {
            Await.until("slot " + slot + " is dropped", () -> {
                servers.postgres().execute("SELECT pg_drop_replication_slot('" + slot + "')");
                return true;
            });
        }
        return new double[] {received, read};
    }

    /** Waits until the quiet tenants' streams hold as many messages. */
    private void awaitQuiet(Stage stage, long events) {
        Await.until("every quiet event is stored", Duration.ofMinutes(5), () -> storedQuiet(stage) >= events);
    }

    private long storedQuiet(Stage stage) throws Exception {
        long sum = 0;
        for (int i = 0; i < quietTenants; i++) {
            sum += stage.stored().last(QUIET + i);
        }
        return sum;
    }

    private void nothingOfTheQuietIsLost(Stage stage) throws Exception {
        long written = stage.quiet().stop();
        awaitQuiet(stage, written);
        long sum = storedQuiet(stage);
        report.verdict(sum == written, String.format(Locale.ROOT, "%,d of %,d quiet events are stored", sum, written));
    }
}

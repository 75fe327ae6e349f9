package dev.outboxrelay.lab.torture;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.logging.LogManager;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ops/torture}: breaks everything under load and compares what is left, row by row. */
@Command(
        name = "ops/torture",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = {
            "Runs relays, PostgreSQL and nats-servers of its own under load, breaks them by a plan from a seed, and"
                    + " compares every committed row with its stream.",
            "Exit code 0: nothing is missing, doubled, out of order, or in a wrong place; 1: something is, and the"
                    + " evidence lies in a folder that the last line names."
        })
public final class Torture implements Callable<Integer> {

    @Option(names = "--kills", defaultValue = "20", description = "How many relay processes are killed with -9.")
    private int kills;

    @Option(names = "--seed", description = "Of the plan and the rows; a random one by default.")
    private @Nullable Long seed;

    @Option(names = "--single", description = "One relay and one nats-server instead of two and three.")
    private boolean single;

    @Option(names = "--nats-line", defaultValue = "newest", description = "Release line of nats-server: newest, 2.10.")
    private String natsLine;

    @Option(names = "--plan", defaultValue = "random", description = "random, or short: one of each in a minute.")
    private String plan;

    @Option(
            names = "--break",
            defaultValue = "none",
            description = "Switch a protection of the relay off: fence, chain, watermark. Violations are expected.")
    private String broken;

    @Option(
            names = "--without-stream-faults",
            description = "Leave streams alone: none full, sealed or deleted, and no replays.")
    private boolean withoutStreamFaults;

    @Option(names = "--tenants", defaultValue = "20", description = "How many tenants have streams.")
    private int tenants;

    @Option(names = "--settle", defaultValue = "mark", description = "Settle mode: mark, keep, delete.")
    private String settle;

    @Option(names = "--rate", defaultValue = "120", description = "Rows a second in small transactions.")
    private int rate;

    @Option(names = "--debug", description = "The relays log every event.")
    private boolean debug;

    @Option(names = "--keep", description = "Keep the logs of a run that found nothing, too.")
    private boolean keep;

    /** Runs and ends the process. */
    public static void main(String[] arguments) {
        LogManager.getLogManager().reset(); // the NATS client tells of every connection that is broken on purpose
        System.exit(new CommandLine(new Torture()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        long from = seed == null ? ThreadLocalRandom.current().nextLong(1, 1_000_000) : seed;
        Settings settings = new Settings(
                from,
                single,
                natsLine,
                broken,
                tenants,
                Settle.valueOf(settle.toUpperCase(Locale.ROOT)),
                rate,
                debug,
                keep);
        Plan steps = plan.equals("short")
                ? Plan.brief(from, single)
                : Plan.random(from, kills, single).withStreamFaults(from);
        if (withoutStreamFaults) {
            steps = steps.withoutStreamFaults();
        }
        Path folder = Files.createTempDirectory("outbox-torture-" + from + "-");
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        List<Violation> violations;
        try {
            violations = new Run(settings, steps, folder, out).run();
        } catch (Exception | AssertionError e) {
            out.println("the run itself failed; seed " + from + ", logs in " + folder);
            throw e;
        }
        if (violations.isEmpty()) {
            if (!keep) {
                delete(folder);
            }
            out.println("nothing lost, doubled, out of order or misplaced" + (keep ? "; logs in " + folder : ""));
            return 0;
        }
        out.println(violations.size() + " violations; seed " + from + ", evidence in " + folder);
        return 1;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}

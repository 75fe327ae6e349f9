package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.lane.Step.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/** Makes schedules from seeds, and makes those that fail short. */
final class Schedules {

    private static final Pattern SHRUNK = Pattern.compile("steps shrunk to (\\d+)");
    private static final int SHORT = 12;

    /** How often each kind of step happens, relative to the others. */
    private final Map<Kind, Integer> weights = new EnumMap<>(Kind.class);

    private final int tenants;
    private boolean parking;
    private boolean holding;
    private boolean remembering;
    private boolean routing;
    private boolean batches;
    private boolean halfBatches;
    private final Rules.Broken broken;

    Schedules(int tenants, Rules.Broken broken) {
        this.tenants = tenants;
        this.broken = broken;
        with(Kind.COMMIT, 8).with(Kind.MESSAGE, 1).with(Kind.RECEIVE, 10);
        with(Kind.SERVE, 14).with(Kind.ANSWER, 12).with(Kind.LOOK, 12).with(Kind.ATTACHED, 12);
        with(Kind.DEAD_LETTER, 5).with(Kind.MARK, 6).with(Kind.TICK, 5);
        with(Kind.PROCESSED, 2).with(Kind.FLUSH, 2);
    }

    Schedules with(Kind kind, int weight) {
        weights.put(kind, weight);
        return this;
    }

    /** What goes wrong on the way to the server and back. */
    Schedules withNetworkFaults() {
        return with(Kind.ANSWER_EARLY, 2)
                .with(Kind.LOSE_ANSWER, 2)
                .with(Kind.GIVE_UP, 2)
                .with(Kind.LOSE_PUBLISH, 2)
                .with(Kind.ATTACH_FAILS, 2)
                .with(Kind.DISCONNECT, 3)
                .with(Kind.CONNECT, 5)
                .with(Kind.TROUBLE, 1)
                .with(Kind.RECOVER, 3);
    }

    /** Lanes that park soon. */
    Schedules withParking() {
        parking = true;
        return with(Kind.PARK, 8).with(Kind.TABLE, 10).with(Kind.PARK_NOW, 2);
    }

    /** Tenants that are paused and resumed, and whose windows change. */
    Schedules withPolicies() {
        return with(Kind.POLICY, 4);
    }

    /**
     * Operators that decide about dead letters. What they replay changes the order in which events are sent, so copies
     * that were held up may fit into the chain a second time: only the server's memory of ids stands against that.
     */
    Schedules withOperators() {
        remembering = true;
        return with(Kind.REPLAY, 3).with(Kind.DISCARD, 1).with(Kind.TABLE, 10);
    }

    /** Tenants that wait behind a dead letter. */
    Schedules holding() {
        holding = true;
        return this;
    }

    /**
     * Routing rules that change. What one start drops and the next one sends shifts the chain, so that copies which
     * were held up may fit into it a second time: only the server's memory of ids stands against that, as for replays.
     */
    Schedules withRouting() {
        remembering = true;
        return withRoutingAndNoMemory();
    }

    /** The same with a server that forgets ids soon. */
    Schedules withRoutingAndNoMemory() {
        routing = true;
        return with(Kind.RULES, 4);
    }

    /** Streams that take atomic batches. */
    Schedules withBatches() {
        batches = true;
        return with(Kind.NEW_LEADER, 1).with(Kind.COMMIT, 10);
    }

    /** Streams of which some store half a batch now and then, against all promises. */
    Schedules withHalfBatches() {
        halfBatches = true;
        return withBatches();
    }

    Rules rules(long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        long[] windows = {0, 20_000_000L, 200_000_000L};
        return new Rules(
                tenants,
                batches ? 3 + random.nextInt(8) : 1 + random.nextInt(6),
                1 + random.nextInt(3),
                remembering ? 10_000_000_000L : windows[random.nextInt(windows.length)],
                List.of(Rules.Variant.values()).get(random.nextInt(3)),
                parking,
                holding,
                routing,
                batches,
                halfBatches,
                broken);
    }

    List<Step> steps(long seed) {
        SplittableRandom random = new SplittableRandom(seed ^ 0x5DEECE66DL);
        int total = weights.values().stream().mapToInt(Integer::intValue).sum();
        List<Step> steps = new ArrayList<>();
        steps.add(new Step(Kind.COMMIT, 1 + random.nextInt(6), random.nextInt(1 << 20)));
        steps.add(new Step(Kind.RECEIVE, 1 + random.nextInt(3), 0));
        int length = 5 + random.nextInt(36);
        while (steps.size() < length) {
            int dice = random.nextInt(total);
            for (Map.Entry<Kind, Integer> entry : weights.entrySet()) {
                dice -= entry.getValue();
                if (dice < 0) {
                    steps.add(step(entry.getKey(), random));
                    break;
                }
            }
        }
        return steps;
    }

    private static Step step(Kind kind, RandomGenerator random) {
        return switch (kind) {
            case COMMIT -> new Step(kind, 1 + random.nextInt(4), random.nextInt(1 << 20));
            case RECEIVE, SERVE, ANSWER, DEAD_LETTER, MARK, PARK, TABLE ->
                new Step(kind, 1 + random.nextInt(4), random.nextInt(3));
            case POLICY -> new Step(kind, random.nextInt(4), random.nextInt(12));
            case TICK -> new Step(kind, 5 + random.nextInt(60), 0);
            default -> new Step(kind, random.nextInt(4), random.nextInt(4));
        };
    }

    /** Takes steps out, and makes numbers small, as long as the schedule still fails. */
    static List<Step> shrink(Rules rules, List<Step> failing) {
        List<Step> shortest = new ArrayList<>(failing);
        for (int size = shortest.size() / 2; size >= 1; size = size == 1 ? 0 : size / 2) {
            for (int at = 0; at + size <= shortest.size(); ) {
                List<Step> without = new ArrayList<>(shortest);
                without.subList(at, at + size).clear();
                if (fails(rules, without)) {
                    shortest = without;
                } else {
                    at++;
                }
            }
        }
        for (int at = 0; at < shortest.size(); at++) {
            Step step = shortest.get(at);
            for (int a = 0; a < Math.min(step.a(), 6); a++) {
                List<Step> smaller = new ArrayList<>(shortest);
                smaller.set(at, new Step(step.kind(), a, step.b()));
                if (fails(rules, smaller)) {
                    shortest = smaller;
                    break;
                }
            }
        }
        return shortest;
    }

    static boolean fails(Rules rules, List<Step> steps) {
        return !World.run(rules, steps).violations().isEmpty();
    }

    /**
     * Runs as many schedules with consecutive seeds as wanted, on all cores; fails with a short schedule when one of
     * them does.
     */
    Tally run(int wanted) {
        long first = Long.getLong("simulation.seed", 0);
        Tally total = new Tally();
        Optional<String> failure = LongStream.range(first, first + Integer.getInteger("simulation.count", wanted))
                .parallel()
                .mapToObj(seed -> run(seed, total))
                .flatMap(Optional::stream)
                .findFirst();
        if (failure.isPresent()) {
            throw new AssertionError(failure.get());
        }
        return total;
    }

    private Optional<String> run(long seed, Tally total) {
        Rules rules = rules(seed);
        List<Step> steps = steps(seed);
        World world = World.run(rules, steps);
        if (!world.violations().isEmpty()) {
            return Optional.of(report(seed, rules, steps));
        }
        synchronized (total) {
            total.add(world.tally);
        }
        return Optional.empty();
    }

    /** Demands of the report about a schedule that failed that it is one to be read. */
    static void isShort(Throwable failure) {
        Matcher steps = SHRUNK.matcher(String.valueOf(failure.getMessage()));
        assertThat(steps.find()).isTrue();
        assertThat(Integer.parseInt(steps.group(1))).isLessThanOrEqualTo(SHORT);
    }

    private static String report(long seed, Rules rules, List<Step> steps) {
        List<Step> shortest = shrink(rules, steps);
        StringBuilder text = new StringBuilder("seed " + seed + " fails; " + steps.size() + " steps shrunk to "
                + shortest.size() + "\n" + rules + "\n");
        shortest.forEach(step -> text.append("  ").append(step).append('\n'));
        World world = World.run(rules, shortest);
        world.tenants.forEach(rows -> text.append("rows: ").append(rows).append('\n'));
        world.violations().forEach(v -> text.append("violated: ").append(v).append('\n'));
        return text.toString();
    }
}

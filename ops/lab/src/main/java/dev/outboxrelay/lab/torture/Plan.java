package dev.outboxrelay.lab.torture;

import dev.outboxrelay.lab.torture.Fault.End;
import dev.outboxrelay.lab.torture.Fault.Target;
import dev.outboxrelay.lab.torture.Fault.Weather;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** What will break, in order; the same seed gives the same plan. Pure. */
record Plan(List<Step> steps) {

    /** The stream's duplicate window in every run. */
    static final Duration DUPLICATE_WINDOW = Duration.ofMillis(100);

    /** How long a tenant may get nowhere in every run until it is parked. */
    static final Duration PARK_AFTER = Duration.ofSeconds(3);

    /** A leader that is silent for longer than this is no longer one. */
    private static final int LEASE_MILLIS = 10_000;

    private static final List<Weather> WEATHERS = List.of(Weather.SEVERED, Weather.SILENT, Weather.SLOW);

    int kills() {
        return steps.stream().mapToInt(Step::kills).sum();
    }

    /**
     * A plan that kills at least so many relay processes, with other faults between and beside.
     *
     * @param single one relay and one nats-server instead of two and three
     */
    static Plan random(long seed, int kills, boolean single) {
        return new Draw(new SplittableRandom(seed), single).plan(kills);
    }

    /** The same steps, and in some of them something begins to happen to a tenant's stream. */
    Plan withStreamFaults(long seed) {
        Draw draw = new Draw(new SplittableRandom(seed ^ 0x57e4), false);
        return new Plan(steps.stream()
                .map(step -> draw.isStreamsTurn() ? step.beside(draw.stream()) : step)
                .toList());
    }

    /** Whether streams suffer too, and operators are at work with the dead letters. */
    boolean hasStreamFaults() {
        return steps.stream().anyMatch(step -> step.stream().isPresent());
    }

    /** Each kind of a stream's fault once, in this many steps from the first one on. */
    private static List<Step> withEach(List<Step> steps, List<Fault.OfStream> faults) {
        List<Step> all = new ArrayList<>(steps);
        for (int i = 0; i < faults.size(); i++) {
            all.set(i, all.get(i).beside(faults.get(i)));
        }
        return List.copyOf(all);
    }

    /** One of each that matters, in about a minute. */
    static Plan brief(long seed, boolean single) {
        Draw draw = new Draw(new SplittableRandom(seed), single);
        List<Step> steps = new ArrayList<>();
        steps.add(draw.step(draw.kill(Target.LEADER), Optional.empty()));
        steps.add(draw.step(draw.kill(Target.LEADER), Optional.of(draw.killNats(1))));
        steps.add(draw.step(draw.kill(Target.BOTH), Optional.empty()));
        steps.add(draw.step(draw.kill(Target.LEADER_AND_SUCCESSOR), Optional.empty()));
        steps.add(draw.step(draw.kill(Target.LEADER), Optional.of(new Fault.KillPostgres(draw.down()))));
        steps.add(Step.of(draw.link(End.NATS, Weather.SEVERED)));
        steps.add(Step.of(draw.link(End.POSTGRES, Weather.SILENT)));
        steps.add(Step.of(draw.killNats(2)));
        steps.add(draw.step(draw.kill(Target.LEADER), Optional.empty()));
        // the long ones first: they go on while the others begin
        return new Plan(withEach(
                steps,
                List.of(
                        new Fault.SealStream(0),
                        new Fault.LimitStream(3, Duration.ofSeconds(4)),
                        new Fault.DeleteQuietStream(4),
                        new Fault.FillStream(6, Duration.ofSeconds(9)),
                        new Fault.DeleteFullStream(5),
                        new Fault.CaptureSubjects(1, Duration.ofSeconds(5)),
                        new Fault.CrampStream(7, Duration.ofSeconds(5)))));
    }

    /** One of each that matters but for the streams' faults. */
    Plan withoutStreamFaults() {
        return new Plan(steps.stream()
                .map(step -> new Step(step.relay(), step.server(), Optional.empty(), step.apart(), step.calm()))
                .toList());
    }

    /** Draws faults. */
    private static final class Draw {

        private final SplittableRandom random;
        private final boolean single;

        Draw(SplittableRandom random, boolean single) {
            this.random = random;
            this.single = single;
        }

        Plan plan(int kills) {
            List<Step> steps = new ArrayList<>();
            int planned = 0;
            while (planned < kills) {
                Step step = step();
                planned += step.kills();
                steps.add(step);
            }
            return new Plan(List.copyOf(steps));
        }

        private Step step() {
            Optional<Fault.OfRelay> relay = relay();
            boolean beside = relay.isEmpty() || random.nextInt(100) < 30;
            return new Step(
                    relay,
                    beside ? Optional.of(server()) : Optional.empty(),
                    Optional.empty(),
                    Duration.ofMillis(random.nextInt(1_500)),
                    calm());
        }

        Step step(Fault.OfRelay relay, Optional<Fault.OfServer> server) {
            return new Step(
                    Optional.of(relay), server, Optional.empty(), Duration.ofMillis(random.nextInt(800)), calm());
        }

        private Optional<Fault.OfRelay> relay() {
            int dice = random.nextInt(100);
            if (dice < 56) {
                return Optional.of(kill(Target.LEADER));
            } else if (dice < 64) {
                return Optional.of(kill(Target.BOTH));
            } else if (dice < 72) {
                return Optional.of(kill(Target.LEADER_AND_SUCCESSOR));
            } else if (dice < 78) {
                return Optional.of(kill(Target.STANDBY));
            } else if (dice < 82) {
                return Optional.of(new Fault.FreezeRelay(target(Target.LEADER), between(500, 7_000)));
            } else if (dice < 84) {
                return Optional.of(new Fault.FreezeRelay(
                        target(Target.LEADER), between(LEASE_MILLIS + 1_500, LEASE_MILLIS + 5_000)));
            } else if (dice < 86) {
                return Optional.of(new Fault.FreezeRelay(target(Target.STANDBY), between(500, 12_000)));
            } else if (dice < 88) {
                return Optional.of(new Fault.FreezeRelay(target(Target.BOTH), between(500, 12_000)));
            } else if (dice < 91) {
                return Optional.of(new Fault.EndLeader(down()));
            }
            return Optional.empty();
        }

        Fault.KillRelay kill(Target target) {
            return new Fault.KillRelay(target(target), down());
        }

        private Target target(Target target) {
            return single ? Target.LEADER : target;
        }

        private Fault.OfServer server() {
            int dice = random.nextInt(100);
            if (dice < 12) {
                return new Fault.KillPostgres(down());
            } else if (dice < 17) {
                return new Fault.FreezePostgres(between(300, 5_000));
            } else if (dice < 35) {
                return killNats(1);
            } else if (dice < 44) {
                return killNats(2);
            } else if (dice < 50) {
                return new Fault.StopNats(node(), down());
            } else if (dice < 60) {
                return new Fault.FreezeNats(nodes(1), between(300, 5_000));
            } else if (dice < 64) {
                return new Fault.FreezeNats(nodes(2), between(300, 4_000));
            }
            return link(
                    random.nextInt(3) == 0 ? End.POSTGRES : End.NATS, WEATHERS.get(random.nextInt(WEATHERS.size())));
        }

        boolean isStreamsTurn() {
            return random.nextInt(100) < 45;
        }

        /** Mostly longer than a relay waits until it parks a tenant, and mostly of one of the bigger tenants. */
        Fault.OfStream stream() {
            int place = random.nextInt(random.nextBoolean() ? 6 : 20);
            Duration length = random.nextInt(4) == 0
                    ? between(500, (int) PARK_AFTER.toMillis())
                    : between((int) PARK_AFTER.toMillis() + 1_000, (int) PARK_AFTER.toMillis() + 9_000);
            int dice = random.nextInt(100);
            if (dice < 22) {
                return new Fault.FillStream(place, length);
            } else if (dice < 36) {
                return new Fault.CrampStream(place, length);
            } else if (dice < 50) {
                return new Fault.CaptureSubjects(place, length);
            } else if (dice < 66) {
                return new Fault.LimitStream(place, length);
            } else if (dice < 80) {
                return new Fault.SealStream(place);
            } else if (dice < 90) {
                return new Fault.DeleteFullStream(place);
            }
            return new Fault.DeleteQuietStream(place);
        }

        Fault.OfServer killNats(int count) {
            return new Fault.KillNats(nodes(count), down());
        }

        Fault.Link link(End end, Weather weather) {
            return new Fault.Link(end, weather, between(300, 4_000));
        }

        private int node() {
            return single ? 0 : random.nextInt(3);
        }

        private List<Integer> nodes(int count) {
            if (single) {
                return List.of(0);
            }
            int first = random.nextInt(3);
            return count == 1 ? List.of(first) : List.of(first, (first + 1) % 3);
        }

        /** Always longer than the duplicate window, mostly not by much. */
        Duration down() {
            int dice = random.nextInt(10);
            if (dice < 7) {
                return between(150, 600);
            }
            return dice < 9 ? between(600, 2_000) : between(2_000, 5_000);
        }

        private Duration calm() {
            return between(100, 1_200);
        }

        private Duration between(int least, int most) {
            return Duration.ofMillis(random.nextInt(least, most));
        }
    }
}

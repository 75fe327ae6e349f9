package dev.outboxrelay.lab.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.lab.torture.Fault.End;
import dev.outboxrelay.lab.torture.Fault.Target;
import dev.outboxrelay.lab.torture.Fault.Weather;
import dev.outboxrelay.lab.torture.Violation.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.logging.LogManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs in which a protection of the relay is switched off, and the checker of {@link TortureIT} must find something.
 */
final class UnprotectedIT {

    private static final int TRIES = 6;
    private static final Duration DOWN = Duration.ofMillis(400);

    @TempDir
    private Path folder;

    @BeforeAll
    static void quiet() {
        LogManager.getLogManager().reset(); // the NATS client tells of every connection that is broken on purpose
    }

    @Test
    void without_the_fence_events_are_doubled() throws Exception {
        Step kill = Step.of(new Fault.KillRelay(Target.LEADER, DOWN));

        assertFinds(Kind.DOUBLED, 1, true, "fence", new Plan(List.of(kill, kill)));
    }

    @Test
    void without_the_contiguous_watermark_events_are_lost() throws Exception {
        // nothing reaches the server while the slot is confirmed beyond what is in flight
        Step step = Step.of(
                new Fault.Link(End.NATS, Weather.SILENT, Duration.ofSeconds(5)),
                Duration.ofSeconds(4),
                new Fault.KillRelay(Target.LEADER, DOWN));

        assertFinds(Kind.LOST, 2, true, "watermark", new Plan(List.of(step)));
    }

    @Test
    void without_the_chain_events_are_out_of_order() throws Exception {
        // what is refused in the middle of a window comes behind what was taken after it
        Plan plan = new Plan(List.of(Step.of(new Fault.Flicker(Duration.ofSeconds(6)))));

        assertFinds(Kind.OUT_OF_ORDER, 3, true, "chain", plan);
    }

    /** Whether a fault meets the window at the wrong moment is a matter of chance: it gets some, and one is enough. */
    private void assertFinds(Kind kind, long seed, boolean single, String broken, Plan plan) throws Exception {
        List<Kind> found = List.of();
        for (int i = 0; i < TRIES && !found.contains(kind); i++) {
            found = run(settings(seed + 10L * i, single, broken), plan).stream()
                    .map(Violation::kind)
                    .toList();
        }
        assertThat(found).contains(kind);
    }

    private List<Violation> run(Settings settings, Plan plan) throws Exception {
        return new Run(settings, plan, folder, System.out).run();
    }

    private static Settings settings(long seed, boolean single, String broken) {
        return new Settings(seed, single, "newest", broken, 12, Settle.MARK, 200, false, false);
    }
}

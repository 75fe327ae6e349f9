package dev.outboxrelay.lab.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.logging.LogManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short run in which nothing may be found. {@link UnprotectedIT} shows that something could have been. */
final class TortureIT {

    @TempDir
    private Path folder;

    @BeforeAll
    static void quiet() {
        LogManager.getLogManager().reset(); // the NATS client tells of every connection that is broken on purpose
    }

    @Test
    void everything_broken_once_nothing_is_lost_doubled_or_out_of_order() throws Exception {
        long seed = System.nanoTime() % 100_000;

        Settings settings = new Settings(seed, false, "newest", "none", 12, Settle.MARK, 200, false, false);

        assertThat(new Run(settings, Plan.brief(seed, false), folder, System.out).run())
                .isEmpty();
    }
}

package dev.outboxrelay.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What is read from {@code /proc}. */
@EnabledOnOs(OS.LINUX)
class ProcessStatusTest {

    private static final long SELF = ProcessHandle.current().pid();

    @Test
    void a_process_has_used_time_and_memory() {
        assertThat(ProcessStatus.cpu(SELF)).isPositive();
        assertThat(ProcessStatus.peakResidentMb(SELF)).isPositive();
    }

    @Test
    void a_child_that_has_ended_counts() throws Exception {
        Duration before = ProcessStatus.cpuOfEndedChildren(SELF);

        new ProcessBuilder("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")
                .start()
                .waitFor();

        assertThat(ProcessStatus.cpuOfEndedChildren(SELF)).isGreaterThan(before);
        assertThat(ProcessStatus.cpuWithChildren(SELF)).isGreaterThan(ProcessStatus.cpu(SELF));
    }

    @Test
    void nobody_has_used_nothing() {
        assertThat(ProcessStatus.cpuWithChildren(Long.MAX_VALUE)).isZero();
        assertThat(ProcessStatus.peakResidentMb(Long.MAX_VALUE)).isZero();
    }
}

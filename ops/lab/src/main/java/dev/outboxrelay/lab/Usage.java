package dev.outboxrelay.lab;

import dev.outboxrelay.testing.ProcessStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Processor time of the three parties, each for itself.
 *
 * @param postgres the server with all its backends, those that have ended included
 * @param nats all nats-servers
 * @param client the process that moves the rows
 */
record Usage(Duration postgres, Duration nats, Duration client) {

    Usage minus(Usage earlier) {
        return new Usage(postgres.minus(earlier.postgres), nats.minus(earlier.nats), client.minus(earlier.client));
    }

    /** Which processes the parties are. */
    record Meter(long postgres, List<Long> nats, long client) {

        static Meter of(Servers servers, long client) throws Exception {
            return new Meter(servers.postgresPid(), Servers.natsPids(), client);
        }

        /** What they have used up to now. */
        Usage now() {
            return new Usage(
                    ProcessStatus.cpuWithChildren(postgres),
                    nats.stream().map(ProcessStatus::cpu).reduce(Duration.ZERO, Duration::plus),
                    ProcessStatus.cpu(client));
        }

        /** Lets the highest resident sizes of the nats-servers begin anew. */
        void forgetPeaks() throws IOException {
            for (long pid : nats) {
                Files.writeString(Path.of("/proc/" + pid + "/clear_refs"), "5"); // proc(5): resets VmHWM
            }
        }

        /** The highest resident size of a nats-server since then, in MB. */
        long natsPeakMb() {
            return nats.stream().mapToLong(ProcessStatus::peakResidentMb).max().orElse(0);
        }

        /** The highest resident size that a living backend of PostgreSQL has had, in MB: shared buffers are in it. */
        long postgresPeakMb() {
            return ProcessHandle.of(postgres).stream()
                    .flatMap(ProcessHandle::children)
                    .mapToLong(child -> ProcessStatus.peakResidentMb(child.pid()))
                    .max()
                    .orElse(0);
        }
    }
}

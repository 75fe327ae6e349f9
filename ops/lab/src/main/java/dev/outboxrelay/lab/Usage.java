package dev.outboxrelay.lab;

import dev.outboxrelay.testing.ProcessStatus;
import java.time.Duration;

/**
 * Processor time of the three parties, each for itself.
 *
 * @param postgres the server with all its backends, those that have ended included
 * @param nats the nats-server
 * @param client the process that moves the rows
 */
record Usage(Duration postgres, Duration nats, Duration client) {

    Usage minus(Usage earlier) {
        return new Usage(postgres.minus(earlier.postgres), nats.minus(earlier.nats), client.minus(earlier.client));
    }

    /** Which processes the parties are. */
    record Meter(long postgres, long nats, long client) {

        static Meter of(Servers servers, long client) throws Exception {
            return new Meter(servers.postgresPid(), servers.natsPid(), client);
        }

        /** What they have used up to now. */
        Usage now() {
            return new Usage(
                    ProcessStatus.cpuWithChildren(postgres), ProcessStatus.cpu(nats), ProcessStatus.cpu(client));
        }
    }
}

package dev.outboxrelay.streams;

import dev.outboxrelay.config.StreamSettings;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.ServerErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What must hold on the NATS side before the relay starts. */
public final class JetStreamChecks {

    private JetStreamChecks() {}

    /**
     * What is wrong.
     *
     * @param problem what, and where
     * @param remedy what to do
     * @param passes whether it may pass by itself, so that waiting makes sense
     */
    public record Finding(String problem, String remedy, boolean passes) {
        @Override
        public String toString() {
            return problem + "\n    mend: " + remedy;
        }
    }

    /** Everything that is wrong; empty when streams can be made. Changes nothing. */
    public static List<Finding> run(Connection connection, String server, StreamSettings settings) {
        List<Finding> findings = new ArrayList<>();
        if (!connection.getServerInfo().isJetStreamAvailable()) {
            findings.add(new Finding(
                    "NATS at " + server + " runs without JetStream",
                    "start it with -js, or with a jetstream block in its configuration",
                    false));
            return findings;
        }
        if (settings.replicas() > 1 && connection.getServerInfo().getCluster() == null) {
            findings.add(new Finding(
                    "outbox.streams.replicas is " + settings.replicas() + ", but NATS at " + server
                            + " is a single server: it cannot create such streams",
                    "set outbox.streams.replicas: 1 (OUTBOX_STREAMS_REPLICAS=1), or run a cluster",
                    false));
        }
        try {
            connection.jetStreamManagement().getAccountStatistics();
        } catch (JetStreamApiException e) {
            Failure failure = ServerErrors.of(e.getApiErrorCode(), String.valueOf(e.getErrorDescription()));
            findings.add(new Finding(
                    "JetStream at " + server + " refuses the relay's account: " + failure.text(),
                    "enable JetStream for the account in the server's configuration",
                    failure.kind() == Failure.Kind.TRANSIENT));
        } catch (IOException e) {
            findings.add(new Finding(
                    "JetStream at " + server + " does not answer: " + e.getMessage(),
                    "if it stays so: look at the server's log, and at the permissions of the relay's user on $JS.API.>",
                    true));
        }
        return findings;
    }
}

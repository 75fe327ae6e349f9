package dev.outboxrelay.check;

import dev.outboxrelay.consumer.ConsumerActual;
import dev.outboxrelay.policy.StreamShape;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the relay's own user can see of NATS.
 *
 * @param ahead how far the server's clock is ahead of this machine's
 * @param requests of JetStream's API
 * @param subscriptions that the relay makes
 * @param account JetStream's, for the relay's account
 * @param monitor what only the server's monitoring endpoint tells
 */
public record NatsFacts(
        Server server,
        Seen<User> user,
        Seen<Duration> ahead,
        List<Probe> requests,
        List<Probe> subscriptions,
        Seen<Account> account,
        Seen<List<Stream>> streams,
        Seen<Monitor> monitor) {

    public NatsFacts {
        requests = List.copyOf(requests);
        subscriptions = List.copyOf(subscriptions);
    }

    /**
     * The server in use.
     *
     * @param url without credentials
     * @param tls whether this connection is encrypted
     * @param local whether it does not leave this machine
     * @param maxPayload in bytes
     */
    public record Server(
            String url,
            String version,
            boolean clustered,
            boolean jetStream,
            boolean tls,
            boolean local,
            long maxPayload) {}

    /**
     * Whom the server takes this connection for, and what it permits.
     *
     * @param publishAllow null where everything is
     * @param expires how long the credentials are good for; null for ever
     */
    public record User(
            String name,
            String account,
            @Nullable List<String> publishAllow,
            List<String> publishDeny,
            @Nullable Duration expires) {}

    /** What became of something that was tried. */
    public record Probe(String subject, Outcome outcome) {

        /** What became of it. */
        public enum Outcome {
            /** The server answered, or took it. */
            ALLOWED,
            /** It refused. */
            DENIED,
            /** It said nothing in time. */
            SILENT
        }
    }

    /**
     * The account's use of JetStream and its limits, -1 for none; of the tier of the configured replicas where there
     * are tiers.
     *
     * @param bytesRequired whether a stream has to have max_bytes
     * @param maxStreamBytes most bytes of one stream
     */
    public record Account(
            long streams,
            long maxStreams,
            long consumers,
            long maxConsumers,
            long storage,
            long reserved,
            long maxStorage,
            boolean bytesRequired,
            long maxStreamBytes) {}

    /**
     * A stream of the account.
     *
     * @param owner what its metadata names as its tenant; null for nothing
     * @param tenant whose it is by metadata, name or subject; null for nobody's
     * @param shape null for nobody's
     */
    public record Stream(
            String name,
            List<String> subjects,
            @Nullable String owner,
            @Nullable String tenant,
            @Nullable StreamShape shape,
            int replicas,
            Seen<List<ConsumerActual>> consumers) {

        public Stream {
            subjects = List.copyOf(subjects);
        }
    }

    /**
     * What {@code /varz} says of JetStream.
     *
     * @param maxStorage of the server, in bytes
     * @param tellsLimits whether this version says what its limits are
     * @param maxHaAssets 0 for no limit
     * @param longestWindow the longest duplicate window that it takes; zero for any
     */
    public record Monitor(
            long storage,
            long reserved,
            long maxStorage,
            long haAssets,
            boolean tellsLimits,
            long maxHaAssets,
            Duration longestWindow) {}
}

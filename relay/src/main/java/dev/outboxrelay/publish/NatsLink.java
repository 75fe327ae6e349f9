package dev.outboxrelay.publish;

import dev.outboxrelay.config.NatsSettings;
import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection to NATS: opened once, reconnecting for ever, its comings and goings told to a listener.
 *
 * <p>Thread-safe. Listener calls come one at a time from a thread of the client library and must not block.
 */
public final class NatsLink implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NatsLink.class);

    /**
     * The client gives a connection up at the third ping that finds two unanswered: within 20 seconds, which is before
     * timeouts make tenants park.
     */
    private static final Duration PING = Duration.ofSeconds(5);

    private final NatsSettings settings;
    private final Listener listener;
    private volatile @Nullable Connection connection;
    private volatile boolean closing;

    /** Who wants to know whether the connection is there. */
    public interface Listener {
        /** It is there, for the first time or again; {@code maxPayload} in bytes. */
        void connected(long maxPayload);

        /** It is gone, unless {@link NatsLink#close} made it go. What was sent and not answered is in doubt. */
        void disconnected(String why);

        /** The server complains of something that the relay did; said in the log where nobody else wants to know. */
        default void complained(String error) {
            log.atWarn().addKeyValue("error", error).log("nats server reported an error");
        }
    }

    public NatsLink(NatsSettings settings, Listener listener) {
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * Opens the connection; one try.
     *
     * @throws IOException when no server can be reached: try again
     * @throws NatsRefused when a server refuses the credentials, or they cannot be read
     */
    public void open() throws IOException, InterruptedException, NatsRefused {
        Options options = options();
        closing = false;
        try {
            Connection opened = Nats.connect(options);
            connection = opened;
            listener.connected(opened.getMaxPayload());
        } catch (AuthenticationException e) {
            throw new NatsRefused(settings.shownUrls(), String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains("uthorization")
                    || String.valueOf(e.getMessage()).contains("uthentication")) {
                throw new NatsRefused(settings.shownUrls(), String.valueOf(e.getMessage()), e);
            }
            throw e;
        }
    }

    /** The open connection. */
    public Connection connection() {
        Connection open = connection;
        if (open == null) {
            throw new IllegalStateException("the connection to NATS was never opened");
        }
        return open;
    }

    /** Whether the connection is there at this moment. */
    public boolean isConnected() {
        Connection open = connection;
        return open != null && open.getStatus() == Connection.Status.CONNECTED;
    }

    /** Whether the server belongs to a cluster; a single one takes streams of one replica only. */
    public boolean isClustered() {
        return connection().getServerInfo().getCluster() != null;
    }

    /** The address of the server in use, for messages. */
    public String server() {
        String url = connection().getConnectedUrl();
        return url == null ? settings.shownUrls() : url.replaceAll("//[^@/]*@", "//***@");
    }

    /** Waits until the server has taken everything that was sent before; false when it did not answer in time. */
    public boolean flush(Duration timeout) throws InterruptedException {
        try {
            connection().flush(timeout);
            return true;
        } catch (java.util.concurrent.TimeoutException | IllegalStateException e) {
            return false;
        }
    }

    /** Closes the connection; the listener is not told. */
    @Override
    public void close() {
        closing = true;
        Connection open = connection;
        if (open != null) {
            try {
                open.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Options options() throws NatsRefused {
        Options.Builder builder = Options.builder()
                .servers(settings.urls().toArray(String[]::new))
                .connectionName("outbox-relay")
                .connectionTimeout(Duration.ofSeconds(5))
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(200))
                .reconnectJitter(Duration.ofMillis(100))
                .reconnectBufferSize(0)
                .pingInterval(PING)
                .requestCleanupInterval(Duration.ofSeconds(2))
                .useTimeoutException()
                .dontForceFlushOnRequest()
                .maxMessagesInOutgoingQueue(100_000)
                .supportUTF8Subjects()
                .dataPortType(ReadablePort.class.getName())
                .connectionListener(new Events())
                .errorListener(new Errors());
        Path credentials = settings.credentialsFile();
        if (credentials != null) {
            builder.authHandler(Nats.credentials(credentials.toString()));
        }
        return builder.build();
    }

    private final class Events implements ConnectionListener {
        @Override
        @Deprecated
        public void connectionEvent(Connection source, ConnectionListener.Events type) {
            // the client calls the method below; this one is what its interface still asks for
        }

        @Override
        public void connectionEvent(Connection source, ConnectionListener.Events type, Long time, String uriDetails) {
            if (closing) {
                return;
            }
            if (type == ConnectionListener.Events.DISCONNECTED || type == ConnectionListener.Events.CLOSED) {
                String why = source.getLastError();
                listener.disconnected(why == null || why.isEmpty() ? "the connection was closed" : why);
            } else if (type == ConnectionListener.Events.RECONNECTED) {
                listener.connected(source.getMaxPayload());
            }
        }
    }

    private final class Errors implements ErrorListener {
        @Override
        public void errorOccurred(Connection source, String error) {
            listener.complained(error);
        }

        @Override
        public void exceptionOccurred(Connection source, Exception e) {
            log.atDebug().addKeyValue("error", e.toString()).log("nats client exception");
        }
    }
}

package dev.outboxrelay.publish;

import dev.outboxrelay.config.NatsSettings;
import dev.outboxrelay.tls.LiveContext;
import dev.outboxrelay.tls.LiveSockets;
import dev.outboxrelay.tls.PemContext;
import dev.outboxrelay.tls.SecretFileException;
import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection to NATS: opened once, reconnecting as long as servers let it, its comings and goings told to a
 * listener.
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
    private final NatsSecrets secrets;
    private volatile boolean closing;
    private volatile Attempt current;

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
        this.secrets = new NatsSecrets(settings.login());
        this.current = new Attempt();
    }

    /**
     * Opens the connection; one try. Passwords, keys and certificates are read now, and again whenever the connection
     * is lost and made anew. May be called again once the connection {@link #isOver is over}.
     *
     * @throws IOException when no server can be reached: try again
     * @throws NatsRefused when a server refuses the credentials or is not trusted, or a file cannot be read
     */
    public void open() throws IOException, InterruptedException, NatsRefused {
        checkFiles();
        Attempt attempt = new Attempt();
        current = attempt;
        closing = false;
        try {
            Connection opened = Nats.connect(options(attempt));
            connection = opened;
            attempt.opened = true;
            if (opened.getStatus() == Connection.Status.CLOSED) {
                throw new IOException("the connection was closed at once");
            }
            listener.connected(opened.getMaxPayload());
        } catch (AuthenticationException e) {
            throw NatsRefused.login(LoginRemedy.of(settings, masked(e.getMessage())), e);
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains("uthorization")
                    || String.valueOf(e.getMessage()).contains("uthentication")) {
                throw NatsRefused.login(LoginRemedy.of(settings, masked(e.getMessage())), e);
            }
            Optional<String> distrust = attempt.troubles.distrust();
            if (distrust.isPresent()) {
                throw NatsRefused.distrust(distrust.get(), e);
            }
            throw new IOException(masked(e.getMessage()) + attempt.troubles.shown(), e);
        }
    }

    /** Everything that is wrong with files, at once, before anybody is asked. */
    private void checkFiles() throws NatsRefused {
        Optional<String> login = problem(this::readLogin);
        Optional<String> tls = problem(() -> {
            SSLContext unused = PemContext.read(settings.tls());
        });
        if (login.isPresent()) {
            throw NatsRefused.file(login.get() + tls.map(more -> "\n" + more).orElse(""));
        }
        if (tls.isPresent()) {
            throw NatsRefused.distrust(tls.get(), null);
        }
    }

    private interface Files {
        void read() throws SecretFileException;
    }

    private static Optional<String> problem(Files files) {
        try {
            files.read();
            return Optional.empty();
        } catch (SecretFileException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private void readLogin() throws SecretFileException {
        FileLogin login = fileLogin();
        if (login != null) {
            login.read();
        }
        if (settings.login().user() != null) {
            String unused = secrets.password();
        }
        if (settings.login().hasToken()) {
            String unused = secrets.token();
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
        return url == null ? settings.shownUrls() : masked(url);
    }

    private static String masked(@Nullable String text) {
        return String.valueOf(text).replaceAll("//[^@/\\s]*@", "//***@");
    }

    /**
     * Whether the client library has given the connection up for good, as it does when the same server refuses the
     * relay twice: what was made with it has to end before {@link #open} makes another one.
     */
    public boolean isOver() {
        return current.over;
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

    private Options options(Attempt attempt) {
        String user = settings.login().user();
        ServerNames servers = new ServerNames(settings.urls(), user, secrets);
        Options.Builder builder = Options.builder()
                .servers(settings.urls().toArray(String[]::new))
                .serverPool(servers)
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
                .connectionListener(attempt)
                .errorListener(attempt.troubles);
        FileLogin login = fileLogin();
        if (login != null) {
            builder.authHandler(login);
        }
        if (settings.login().hasToken()) {
            builder.tokenSupplier(this::token);
        }
        if (settings.isEncrypted()) {
            builder.sslContext(LiveContext.of(LiveSockets.checkingName(settings.tls(), servers::nameOf)));
        }
        if (settings.handshakeFirst()) {
            builder.tlsFirst();
        }
        return builder.build();
    }

    private @Nullable FileLogin fileLogin() {
        Path credentials = settings.login().credentialsFile();
        Path nkey = settings.login().nkeyFile();
        if (credentials != null) {
            return FileLogin.ofCredentials(credentials);
        }
        return nkey == null ? null : FileLogin.ofSeed(nkey);
    }

    private char[] token() {
        try {
            return secrets.token().toCharArray();
        } catch (SecretFileException e) {
            throw new UncheckedIOException(e); // fails this attempt to connect; the next one reads it again
        }
    }

    /** One connection of the client library, and what it tells; of one that was replaced nobody wants to hear. */
    private final class Attempt implements ConnectionListener {

        private final ConnectTroubles troubles = new ConnectTroubles(settings, new ConnectTroubles.Listener() {
            @Override
            public void complained(String error) {
                if (isCurrent()) {
                    listener.complained(error);
                }
            }

            @Override
            public void keptOut(String why) {
                if (isCurrent() && opened && !closing) {
                    listener.disconnected(why);
                    log.atWarn().addKeyValue("error", why).log("cannot connect to nats again, trying on");
                }
            }
        });

        private volatile boolean opened;
        private volatile boolean over;

        private boolean isCurrent() {
            return current == this;
        }

        @Override
        @Deprecated
        public void connectionEvent(Connection source, ConnectionListener.Events type) {
            // the client calls the method below; this one is what its interface still asks for
        }

        @Override
        public void connectionEvent(Connection source, ConnectionListener.Events type, Long time, String uriDetails) {
            if (closing || !isCurrent()) {
                return;
            }
            if (type == ConnectionListener.Events.DISCONNECTED || type == ConnectionListener.Events.CLOSED) {
                String last = source.getLastError();
                String why = last == null || last.isEmpty() ? "the connection was closed" : last;
                listener.disconnected(troubles.lastSaid().orElse(why));
                over |= type == ConnectionListener.Events.CLOSED && opened;
            } else if (type == ConnectionListener.Events.RECONNECTED) {
                troubles.forget();
                listener.connected(source.getMaxPayload());
            }
        }
    }
}

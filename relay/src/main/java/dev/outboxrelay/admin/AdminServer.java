package dev.outboxrelay.admin;

import com.sun.net.httpserver.HttpServer;
import dev.outboxrelay.config.AdminAccess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Serves {@code /livez}, {@code /readyz}, {@code /metrics}, {@code /api/status}, and a page for people at {@code /}
 * that shows the status and, with a token, decides about dead letters.
 *
 * <p>It listens on the one address it is given and never on more: a blank host is refused, so that all interfaces are
 * only taken by whoever writes {@code 0.0.0.0} or {@code ::}. There is no TLS: beyond loopback, a network policy has to
 * say who may connect. Without a token everybody who can may read, and nobody may change anything.
 *
 * <p>A client that sends or reads slowly holds one of {@value #THREADS} threads for {@value #MAX_SECONDS} s at most;
 * what comes while all are busy waits in a bounded queue, and beyond it is closed unanswered.
 *
 * <p>The suppliers are called on those threads, several at once, and must not block; of requests for dead letters,
 * which ask the database, two run at once. Methods of this class may be called from any thread.
 */
public final class AdminServer implements AutoCloseable {

    private static final int THREADS = 8;
    private static final int WAITING = 64;
    private static final int MAX_SECONDS = 5;

    static {
        // The JDK's server reads these once, when its first class is loaded, and has no other way to set them. An
        // operator's own -D wins. Units: seconds, except the counts.
        limit("sun.net.httpserver.maxReqTime", MAX_SECONDS);
        limit("sun.net.httpserver.maxRspTime", MAX_SECONDS);
        limit("sun.net.httpserver.idleInterval", 30);
        limit("sun.net.httpserver.maxIdleConnections", 32);
        limit("jdk.httpserver.maxConnections", 256); // since JDK 21; ignored before
        if (System.getProperty("sun.net.httpserver.nodelay") == null) {
            System.setProperty("sun.net.httpserver.nodelay", "true"); // else each answer waits 40 ms for a delayed ACK
        }
    }

    private final String host;
    private final int port;
    private final AdminPages pages;
    private @Nullable HttpServer server;
    private @Nullable ThreadPoolExecutor threads;

    /** A server that only shows: no dead letters, no actions, no token. */
    public AdminServer(
            String host, int port, Supplier<Health> health, Supplier<RelayStatus> status, MetricsPage metrics) {
        this(host, port, AdminAccess.READING, health, status, metrics, LetterOffice.CLOSED);
    }

    /**
     * Assigns only; {@link #start} binds.
     *
     * @param host the address or name to listen on
     * @param port 0 takes any free port: {@link #port} tells which
     * @param access who may read and do what
     * @param office where dead letters are
     * @throws IllegalArgumentException if the host is blank or the port is none
     */
    public AdminServer(
            String host,
            int port,
            AdminAccess access,
            Supplier<Health> health,
            Supplier<RelayStatus> status,
            MetricsPage metrics,
            LetterOffice office) {
        if (host.isBlank()) {
            throw new IllegalArgumentException("the admin HTTP server needs a host: set outbox.admin.bind to host:port"
                    + " (127.0.0.1:8080; 0.0.0.0:8080 for all interfaces)");
        }
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException(
                    "the admin HTTP port must be 0 to 65535, but is " + port + ": set outbox.admin.bind to host:port");
        }
        this.host = host;
        this.port = port;
        this.pages = new AdminPages(health, status, metrics, office, new Gate(host, access));
    }

    /**
     * Binds and begins to answer. From here on the JDK's dispatcher thread keeps the JVM alive until {@link #close}.
     *
     * @throws AdminBindException if the address cannot be had
     */
    public synchronized void start() throws AdminBindException {
        if (server != null) {
            throw new IllegalStateException("the admin HTTP server was already started");
        }
        HttpServer bound = bind();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS, THREADS, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(WAITING), daemons());
        pool.allowCoreThreadTimeOut(true);
        bound.setExecutor(pool);
        bound.createContext("/", pages);
        bound.start();
        server = bound;
        threads = pool;
    }

    /**
     * Returns the port that it listens on.
     *
     * @throws IllegalStateException before {@link #start}
     */
    public synchronized int port() {
        if (server == null) {
            throw new IllegalStateException("the admin HTTP server is not started");
        }
        return server.getAddress().getPort();
    }

    /** Stops listening and drops what is being answered; a second call does nothing. */
    @Override
    public synchronized void close() {
        if (server != null && threads != null) {
            server.stop(0);
            threads.shutdownNow();
            threads = null;
        }
    }

    private HttpServer bind() throws AdminBindException {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getByName(host), port), 0);
        } catch (UnknownHostException e) {
            throw new AdminBindException(host, port, "no such host", e);
        } catch (IOException | RuntimeException e) {
            String message = e.getMessage();
            throw new AdminBindException(host, port, message == null ? e.toString() : message, e);
        }
    }

    private static void limit(String property, int value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, Integer.toString(value));
        }
    }

    private static ThreadFactory daemons() {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "admin-http-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}

package dev.outboxrelay.testing;

import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;

/**
 * One real nats-server, or a cluster of them, for a test, with JetStream unless the options say otherwise.
 *
 * <p>What is said of the server holds for all servers of a cluster; {@link #node(int)} is for one of them. Used by one
 * thread at a time, except for connecting.
 */
public final class TestNats implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration RECONNECT_WAIT = Duration.ofMillis(50);

    private final NatsOptions options;
    private final List<NatsNode> nodes;
    private final Queue<Connection> connections = new ConcurrentLinkedQueue<>();

    private TestNats(NatsOptions options, List<NatsNode> nodes) {
        this.options = options;
        this.nodes = List.copyOf(nodes);
    }

    /** Starts a server with the defaults and returns it when it is ready. */
    public static TestNats start() {
        return start(NatsOptions.defaults());
    }

    /** Starts a server and returns it when it is ready. Throws with the end of its log if it does not get ready. */
    public static TestNats start(NatsOptions options) {
        return cluster(1, options);
    }

    /** Starts a cluster with the defaults and returns it when JetStream has a leader that every server knows. */
    public static TestNats cluster(int size) {
        return cluster(size, NatsOptions.defaults());
    }

    /** Starts a cluster and returns it when JetStream has a leader that every server knows. */
    public static TestNats cluster(int size, NatsOptions options) {
        List<NatsPorts> ports = Stream.generate(NatsPorts::free).limit(size).toList();
        List<Server> servers = switch (options.mode()) {
            case PROCESSES -> NatsProcess.prepare(options, ports);
            case CONTAINERS -> NatsContainer.prepare(options, ports);
        };
        List<NatsNode> nodes = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            nodes.add(new NatsNode(name(i), servers.get(i), ports.get(i), options.jetStream() != null));
        }
        TestNats nats = new TestNats(options, nodes);
        try {
            nodes.forEach(NatsNode::start);
            nats.awaitReady();
            return nats;
        } catch (RuntimeException | AssertionError e) {
            nats.close();
            throw e;
        }
    }

    /** Returns the addresses of all servers, joined by commas. */
    public String url() {
        return String.join(",", urls());
    }

    /** Returns the address of each server. */
    public List<String> urls() {
        return nodes.stream().map(NatsNode::url).toList();
    }

    /** Returns one server, counted from 0. */
    public NatsNode node(int index) {
        return nodes.get(index);
    }

    /** Opens a plain connection to any of the servers that reconnects for ever; it is closed with the server. */
    public Connection connection() throws IOException, InterruptedException {
        Options.Builder builder = new Options.Builder()
                .servers(urls().toArray(String[]::new))
                .connectionTimeout(CONNECT_TIMEOUT)
                .reconnectWait(RECONNECT_WAIT)
                .maxReconnects(-1);
        if (options.user() != null && options.password() != null) {
            builder.userInfo(options.user(), options.password());
        }
        Connection connection = Nats.connect(builder.build());
        connections.add(connection);
        return connection;
    }

    /**
     * Waits until the server is ready, or until all servers of the cluster follow the same JetStream leader. Throws
     * after 30 s. Not for a cluster of which a server is meant to be dead.
     */
    public void awaitReady() {
        if (nodes.size() == 1 || options.jetStream() == null) {
            nodes.forEach(node -> node.await("/healthz"));
            return;
        }
        nodes.forEach(node -> node.await("/healthz?js-server-only=true"));
        Await.until("all servers follow one JetStream leader", this::followOneLeader);
    }

    private boolean followOneLeader() throws IOException, InterruptedException {
        String leader = nodes.get(0).knownLeader();
        for (NatsNode node : nodes) {
            boolean leads = node.name().equals(leader);
            if (!node.knownLeader().equals(leader) || (leads && node.followers() < nodes.size() - 1)) {
                return false;
            }
        }
        return !leader.isEmpty();
    }

    /** Ends the server at once (SIGKILL); nothing listens until {@link #restart()}. */
    public void kill() {
        nodes.forEach(NatsNode::kill);
    }

    /** Ends the server in an orderly way; nothing listens until {@link #restart()}. */
    public void stop() {
        nodes.forEach(NatsNode::stop);
    }

    /**
     * Starts the server again on the same store and ports, after stopping it if it runs, and waits until it is ready.
     */
    public void restart() {
        stop();
        nodes.forEach(NatsNode::start);
        awaitReady();
    }

    /** Freezes the server: connections stay open and silent. */
    public void pause() {
        nodes.forEach(NatsNode::pause);
    }

    /** Lets a paused server go on. */
    public void resume() {
        nodes.forEach(NatsNode::resume);
    }

    /** Ends the server with the connections that the test took from here, and deletes its store. Idempotent. */
    @Override
    public void close() {
        for (Connection open = connections.poll(); open != null; open = connections.poll()) {
            try {
                open.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        nodes.forEach(NatsNode::close);
    }

    /** The name of a server in its configuration, and its host name among containers. */
    static String name(int index) {
        return "n" + (index + 1);
    }
}

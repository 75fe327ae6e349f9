package dev.outboxrelay.testing;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One server of a {@link TestNats}: it keeps its ports and its store when it is killed and restarted. */
public final class NatsNode {
    private static final Duration READY_DEADLINE = Duration.ofSeconds(30);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    private static final Pattern LEADER = Pattern.compile("\"leader\": \"([^\"]+)\"");
    private static final Pattern CURRENT = Pattern.compile("\"current\": true");

    private final String name;
    private final Server server;
    private final NatsPorts ports;
    private final boolean jetStream;

    NatsNode(String name, Server server, NatsPorts ports, boolean jetStream) {
        this.name = name;
        this.server = server;
        this.ports = ports;
        this.jetStream = jetStream;
    }

    /** Returns the address for clients, the same over every restart. */
    public String url() {
        return "nats://" + server.host() + ":" + ports.client();
    }

    /** Returns the address of the monitoring endpoint, the same over every restart. */
    public String monitorUrl() {
        return "http://" + server.host() + ":" + ports.monitor();
    }

    /** Ends the server at once (SIGKILL). */
    public void kill() {
        server.kill();
    }

    /** Ends the server in an orderly way. */
    public void stop() {
        server.stop();
    }

    /** Has the server send its clients away, a few at a time, and end ({@code nats-server --signal ldm}). */
    public void lameDuck() {
        server.signal("USR2");
    }

    /** Has the server read its configuration again ({@code nats-server --signal reload}). */
    public void reload() {
        server.signal("HUP");
    }

    public boolean isRunning() {
        return server.isRunning();
    }

    /**
     * Starts the server again, after stopping it if it runs, and waits until it takes clients. Whether its cluster has
     * a leader is another question: {@link TestNats#awaitReady()}.
     */
    public void restart() {
        server.stop();
        server.start();
        await(jetStream ? "/healthz?js-enabled-only=true" : "/healthz");
    }

    /** Freezes the server: connections stay open and silent. */
    public void pause() {
        server.pause();
    }

    /** Lets a paused server go on. */
    public void resume() {
        server.resume();
    }

    /** Returns the end of the server's log. */
    public String lastLog() {
        return server.lastLog();
    }

    /** Returns the whole log of the server. */
    public String wholeLog() {
        return server.wholeLog();
    }

    void start() {
        server.start();
    }

    void close() {
        server.close();
    }

    /** Waits until the health endpoint says ok on this path. Throws with the end of the log if it does not. */
    void await(String path) {
        try {
            Await.until("nats-server says ok at " + path, READY_DEADLINE, () -> !server.isRunning() || isHealthy(path));
        } catch (AssertionError e) {
            throw new IllegalStateException(e.getMessage() + "; its log ends with:\n" + lastLog(), e);
        }
        if (!server.isRunning()) {
            throw new IllegalStateException("nats-server ended while it started; its log ends with:\n" + lastLog());
        }
    }

    /** Whether a client of this name is connected here. */
    public boolean hasClient(String clientName) throws IOException, InterruptedException {
        return get("/connz").body().contains("\"name\": \"" + clientName + "\"");
    }

    /** Returns the name of the server that leads JetStream as this one sees it; empty while it knows none. */
    String knownLeader() throws IOException, InterruptedException {
        Matcher leader = LEADER.matcher(get("/jsz").body());
        return leader.find() ? leader.group(1) : "";
    }

    /** Returns how many other servers have caught up with JetStream's state: only the leader's answer counts. */
    long followers() throws IOException, InterruptedException {
        return CURRENT.matcher(get("/jsz").body()).results().count();
    }

    /** Returns the name by which the cluster knows it. */
    public String name() {
        return name;
    }

    private boolean isHealthy(String path) throws IOException, InterruptedException {
        return get(path).statusCode() == 200;
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(monitorUrl() + path))
                .timeout(Duration.ofSeconds(2))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }
}

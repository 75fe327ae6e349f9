package dev.outboxrelay.lab.torture;

import dev.outboxrelay.lab.Published;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TcpProxy;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One relay of a deployment: its process, which comes and goes, and its own ways to the servers, which can be broken
 * without the others noticing. Any thread, but one at a time starts and ends the process.
 */
final class Instance implements AutoCloseable {

    private static final String MEMORY = " -Xmx256m";

    private final String name;
    private final Path log;
    private final TcpProxy postgres;
    private final List<TcpProxy> nats = new ArrayList<>();
    private final Map<String, String> settings;
    private final String javaOptions;
    private volatile @Nullable RelayProcess process;
    private volatile boolean wanted;

    Instance(String name, Path log, TestPostgres server, TestNats cluster, Settings run) {
        this.name = name;
        this.log = log;
        this.postgres = TcpProxy.to(server.host(), server.port());
        for (String url : cluster.urls()) {
            URI address = URI.create(url);
            nats.add(TcpProxy.to(address.getHost(), address.getPort()));
        }
        String natsUrl = nats.stream().map(proxy -> "nats://" + proxy.address()).collect(Collectors.joining(","));
        String jdbcUrl = "jdbc:postgresql://" + postgres.address() + "/" + TestPostgres.DATABASE;
        settings = RelayProcess.settings(jdbcUrl, server.password(TestPostgres.RELAY), natsUrl);
        settings.put("outbox.streams.duplicate-window", Plan.DUPLICATE_WINDOW.toMillis() + "ms");
        settings.put("outbox.streams.replicas", run.single() ? "1" : "3");
        settings.put("outbox.streams.atomic-batches", "auto");
        settings.put("outbox.streams.max-messages", "1000000000");
        settings.put("outbox.streams.max-age", "30d");
        settings.put("outbox.lanes.park-after", Plan.PARK_AFTER.toSeconds() + "s");
        // bursts go beyond it: one instance spills them, and the other has to park them
        settings.put("outbox.lanes.tenant-max-events", "200");
        if (name.equals("a")) {
            settings.put("outbox.lanes.spill-directory", String.valueOf(log.getParent()));
        }
        settings.put("outbox.settle.mode", run.settle().name().toLowerCase(java.util.Locale.ROOT));
        settings.put("outbox.log.level", run.debug() ? "DEBUG" : "INFO");
        javaOptions = RelayProcess.SHORT_LIVED
                + MEMORY
                + (run.broken().equals("none") ? "" : " -Doutbox.test.break=" + run.broken());
    }

    String name() {
        return name;
    }

    Path log() {
        return log;
    }

    TcpProxy postgres() {
        return postgres;
    }

    List<TcpProxy> nats() {
        return nats;
    }

    /** Starts a new process and returns at once. */
    void start() {
        try {
            process = RelayProcess.start(settings, log, javaOptions);
            wanted = true;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start relay " + name, e);
        }
    }

    /** Ends the process at once. */
    void kill() throws InterruptedException {
        wanted = false;
        RelayProcess running = running();
        running.kill();
        running.close();
    }

    /** Asks the process to end and returns its exit code. */
    int terminate(java.time.Duration atMost) throws InterruptedException {
        wanted = false;
        RelayProcess running = running();
        int exit = running.terminate(atMost);
        running.close();
        return exit;
    }

    void freeze() {
        running().pause();
    }

    void thaw() {
        running().resume();
    }

    boolean leads() throws InterruptedException {
        RelayProcess running = process;
        return running != null && running.isAlive() && running.leads();
    }

    boolean standsBy() throws InterruptedException {
        RelayProcess running = process;
        return running != null && running.isAlive() && running.standsBy();
    }

    /** Whether the process has ended though nobody asked for it. */
    boolean endedByItself() {
        RelayProcess running = process;
        return wanted && running != null && !running.isAlive();
    }

    int exitValue() {
        return running().exitValue();
    }

    /** How many events this process has published, acknowledged by the server; 0 while it does not answer. */
    double published() throws InterruptedException {
        RelayProcess running = process;
        return running == null || !running.isAlive() ? 0 : Published.by(running);
    }

    /** What it says about itself, and has every thread in its log; for the evidence. */
    String confess() throws InterruptedException {
        RelayProcess running = process;
        if (running == null || !running.isAlive()) {
            return "relay " + name + " does not run\n";
        }
        running.dumpThreads();
        return "relay " + name + ": " + running.page("/readyz") + "\n" + running.page("/api/status") + "\n";
    }

    void heal() {
        postgres.heal();
        nats.forEach(TcpProxy::heal);
    }

    private RelayProcess running() {
        RelayProcess running = process;
        if (running == null) {
            throw new IllegalStateException("relay " + name + " was never started");
        }
        return running;
    }

    @Override
    public void close() {
        wanted = false;
        RelayProcess running = process;
        if (running != null) {
            running.close();
        }
        postgres.close();
        nats.forEach(TcpProxy::close);
    }
}

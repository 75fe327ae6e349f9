package dev.outboxrelay.demo;

import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The demo's nats-server with JetStream, on loopback, with its files in the demo's folder. */
final class NatsServer implements AutoCloseable {

    private static final Duration START_DEADLINE = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(50);

    private final int port;
    private final ChildProcess process;

    private NatsServer(int port, ChildProcess process) {
        this.port = port;
        this.process = process;
    }

    /** Starts it and returns at once; {@link #connect} waits. */
    static NatsServer start(Path program, Path folder, int port, Watchdog watchdog) throws DemoFailed {
        try {
            Path home = Files.createDirectory(folder.resolve("nats"));
            Path configuration =
                    Files.writeString(home.resolve("nats.conf"), """
                    server_name: outbox-relay-demo
                    listen: "127.0.0.1:%d"
                    jetstream { store_dir: "%s" }
                    """.formatted(port, home.resolve("store")));
            List<String> command = List.of(program.toString(), "-c", configuration.toString());
            return new NatsServer(port, ChildProcess.start("nats-server", command, home, "TERM", "TERM", watchdog));
        } catch (IOException e) {
            throw new DemoFailed("cannot set up nats-server in " + folder, e);
        }
    }

    String url() {
        return "nats://127.0.0.1:" + port;
    }

    /** A connection of its own, as soon as JetStream answers. */
    Connection connect(StopSignal stop) throws DemoFailed, StopRequested, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            stop.check();
            Optional<String> crash = process.crash();
            if (crash.isPresent()) {
                throw new DemoFailed(crash.get());
            }
            try {
                return connectNow();
            } catch (IOException | JetStreamApiException e) {
                if (System.nanoTime() - start > START_DEADLINE.toNanos()) {
                    throw new DemoFailed("nats-server does not answer after " + START_DEADLINE.toSeconds() + " s", e);
                }
            }
            boolean unused = stop.await(POLL);
        }
    }

    private Connection connectNow() throws IOException, JetStreamApiException, InterruptedException {
        Connection connection = Nats.connect(Options.builder()
                .server(url())
                .connectionName("outbox-relay-demo")
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(250))
                .errorListener(new Silent())
                .build());
        try {
            connection.jetStreamManagement().getAccountStatistics();
            return connection;
        } catch (IOException | JetStreamApiException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    Optional<String> crash() {
        return process.crash();
    }

    @Override
    public void close() {
        process.close();
    }

    /** The library's own listener writes to stderr, across the table; what matters the demo sees by itself. */
    private static final class Silent implements ErrorListener {}
}

package dev.outboxrelay.demo;

import io.nats.client.Connection;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** The demo's two servers with all that is installed in them; closing ends both. */
final class DemoServers implements AutoCloseable {

    private final NatsServer natsServer;
    private final PostgresServer postgresServer;
    private final Connection nats;
    private final ShopDatabase shop;
    private final Deque<AutoCloseable> started;

    private DemoServers(
            NatsServer natsServer,
            PostgresServer postgresServer,
            Connection nats,
            ShopDatabase shop,
            Deque<AutoCloseable> started) {
        this.natsServer = natsServer;
        this.postgresServer = postgresServer;
        this.nats = nats;
        this.shop = shop;
        this.started = started;
    }

    /** Starts both and installs the schema. What has been started is ended again if anything fails. */
    static DemoServers start(Binaries binaries, Path folder, Watchdog watchdog, StopSignal stop, Screen screen)
            throws DemoFailed, StopRequested, InterruptedException {
        SecureRandom random = new SecureRandom();
        Deque<AutoCloseable> started = new ArrayDeque<>();
        try {
            screen.say("starting nats-server (" + binaries.natsServer() + ")");
            NatsServer natsServer = NatsServer.start(binaries.natsServer(), folder, FreePort.next(random), watchdog);
            started.push(natsServer);
            screen.say("unpacking and starting PostgreSQL (some seconds)");
            PostgresServer postgres = PostgresServer.start(
                    binaries.postgres(), folder, FreePort.next(random), Password.random(random), watchdog, stop);
            started.push(postgres);
            Connection nats = natsServer.connect(stop);
            started.push(nats);
            screen.say("installing schema/ with its roles");
            ShopDatabase shop = ShopDatabase.install(postgres.superuser(), random);
            return new DemoServers(natsServer, postgres, nats, shop, started);
        } catch (Throwable e) {
            close(started);
            throw e;
        }
    }

    ShopDatabase shop() {
        return shop;
    }

    /** The demo's own connection, not the relay's. */
    Connection nats() {
        return nats;
    }

    String natsUrl() {
        return natsServer.url();
    }

    Place place(String adminUrl) {
        return new Place(
                postgresServer.version(),
                shop.operator(),
                nats.getServerInfo().getVersion(),
                natsServer.url(),
                adminUrl);
    }

    /** What is to be said if one of them has ended by itself. */
    Optional<String> crash() {
        return postgresServer.crash().or(natsServer::crash);
    }

    @Override
    public void close() {
        close(started);
    }

    /** The last one first. */
    private static void close(Deque<AutoCloseable> started) {
        while (!started.isEmpty()) {
            try {
                started.pop().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                throw new IllegalStateException("a server of the demo cannot be closed", e);
            }
        }
    }
}

package dev.outboxrelay.demo;

import io.nats.client.Connection;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;

/** The demo's two servers with all that is installed in them; closing ends both. */
final class DemoServers implements AutoCloseable {

    private final NatsServer natsServer;
    private final PostgresServer postgresServer;
    private final Connection nats;
    private final ShopDatabase shop;

    private DemoServers(NatsServer natsServer, PostgresServer postgresServer, Connection nats, ShopDatabase shop) {
        this.natsServer = natsServer;
        this.postgresServer = postgresServer;
        this.nats = nats;
        this.shop = shop;
    }

    /** Starts both and installs the schema. What has been started is ended again if anything fails. */
    static DemoServers start(Path natsProgram, Path folder, Watchdog watchdog, StopSignal stop, Screen screen)
            throws DemoFailed, StopRequested, InterruptedException {
        SecureRandom random = new SecureRandom();
        screen.say("starting nats-server (" + natsProgram + ")");
        NatsServer natsServer = NatsServer.start(natsProgram, folder, FreePort.next(random), watchdog);
        try {
            screen.say("unpacking and starting PostgreSQL (some seconds)");
            PostgresServer postgres =
                    PostgresServer.start(folder, FreePort.next(random), Password.random(random), watchdog, stop);
            try {
                Connection nats = natsServer.connect(stop);
                screen.say("installing schema/ with its roles");
                return new DemoServers(natsServer, postgres, nats, ShopDatabase.install(postgres.superuser(), random));
            } catch (DemoFailed | StopRequested | InterruptedException | RuntimeException e) {
                postgres.close();
                throw e;
            }
        } catch (DemoFailed | StopRequested | InterruptedException | RuntimeException e) {
            natsServer.close();
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
        try {
            nats.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        postgresServer.close();
        natsServer.close();
    }
}

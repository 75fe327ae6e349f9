package dev.outboxrelay.testcontainers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** The three containers on a network of their own. */
final class Servers implements AutoCloseable {

    static final int ADMIN_PORT = 8080;
    static final String INNER_JDBC_URL = "jdbc:postgresql://postgres:5432/app";
    static final String INNER_NATS_URL = "nats://nats:4222";

    private static final int POSTGRES_PORT = 5432;
    private static final int NATS_PORT = 4222;
    private static final Duration STARTUP = Duration.ofMinutes(2);
    private static final String SUPERUSER = "postgres";
    private static final String HOME = "/opt/outbox-relay";

    private final String superuserPassword = UUID.randomUUID().toString();
    private final Network network = Network.newNetwork();
    private final GenericContainer<?> postgres;
    private final GenericContainer<?> nats;
    private @Nullable GenericContainer<?> relay;

    Servers(String postgresImage, String natsImage) {
        // It starts twice the first time: the first server listens on its socket only.
        postgres = container(postgresImage, "postgres", POSTGRES_PORT)
                .withEnv("POSTGRES_USER", SUPERUSER)
                .withEnv("POSTGRES_PASSWORD", superuserPassword)
                .withEnv("POSTGRES_DB", "app")
                .withEnv("POSTGRES_INITDB_ARGS", "--auth=scram-sha-256 --no-sync")
                .withCommand("postgres", "-c", "wal_level=logical", "-c", "fsync=off")
                .waitingFor(Wait.forLogMessage(".*ready to accept connections.*\\s", 2))
                .withStartupTimeout(STARTUP);
        nats = container(natsImage, "nats", NATS_PORT)
                .withCommand("--jetstream", "--store_dir", "/tmp/jetstream")
                .waitingFor(Wait.forLogMessage(".*Server is ready.*\\s", 1))
                .withStartupTimeout(STARTUP);
    }

    private GenericContainer<?> container(String image, String alias, int port) {
        return new GenericContainer<>(DockerImageName.parse(image))
                .withNetwork(network)
                .withNetworkAliases(alias)
                .withExposedPorts(port);
    }

    void start() {
        postgres.start();
        nats.start();
    }

    /** @param distribution what is mounted into an image that has only Java; null for an image of the relay */
    void startRelay(String image, @Nullable Path distribution, Map<String, String> environment) {
        GenericContainer<?> container = container(image, "relay", ADMIN_PORT)
                .withEnv(environment)
                .waitingFor(Wait.forHttp("/readyz").forPort(ADMIN_PORT).forStatusCode(200))
                .withStartupTimeout(STARTUP);
        if (distribution != null) {
            if (!Files.isExecutable(distribution.resolve("bin/outbox-relay"))) {
                throw new IllegalArgumentException(
                        distribution + " holds no bin/outbox-relay: build it with mvn -pl relay -DskipTests package");
            }
            container
                    .withFileSystemBind(
                            distribution.toAbsolutePath().normalize().toString(), HOME, BindMode.READ_ONLY)
                    .withCommand(HOME + "/bin/outbox-relay", "run");
        }
        relay = container;
        try {
            container.start();
        } catch (ContainerLaunchException e) {
            throw new IllegalStateException("the relay does not get ready; it said:\n" + relayLog(), e);
        }
    }

    String jdbcUrl() {
        return "jdbc:postgresql://" + postgres.getHost() + ":" + postgres.getMappedPort(POSTGRES_PORT) + "/app";
    }

    String natsUrl() {
        return "nats://" + nats.getHost() + ":" + nats.getMappedPort(NATS_PORT);
    }

    /** As the superuser. Text of several statements goes to the server as it is, as with {@code psql -c}. */
    Connection connect() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", SUPERUSER);
        properties.setProperty("password", superuserPassword);
        properties.setProperty("preferQueryMode", "simple");
        return DriverManager.getConnection(jdbcUrl(), properties);
    }

    String relayLog() {
        GenericContainer<?> container = relay;
        return container == null || container.getContainerId() == null ? "" : container.getLogs();
    }

    @Override
    public void close() {
        GenericContainer<?> container = relay;
        if (container != null) {
            container.stop();
        }
        nats.stop();
        postgres.stop();
        network.close();
    }
}

package dev.outboxrelay.testing;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/**
 * Sets up a Postgres server as a container of {@code -Dpostgres.image}, by default the official image. A name without a
 * tag stands for every version: its tag is then the major version that the test asks for.
 */
final class PostgresContainer {
    private static final int PORT = 5432;
    private static final int WORLD_READABLE = 0644;
    private static final String CONFIGURATION = "/etc/outbox/postgresql.conf";
    private static final String CLIENT_RULES = "/etc/outbox/pg_hba.conf";
    private static final Duration STARTUP = Duration.ofMinutes(2);

    private PostgresContainer() {}

    /** Returns the server, not started. */
    static Server prepare(PostgresOptions options, int port, String superuserPassword) {
        String image = image(ServerMode.property("postgres.image", "postgres"), options.version());
        Map<String, String> place = new LinkedHashMap<>();
        place.put("listen_addresses", "*");
        place.put("hba_file", CLIENT_RULES);
        GenericContainer<?> container = new GenericContainer<>(
                        DockerImageName.parse(image).asCompatibleSubstituteFor("postgres"))
                .withEnv("POSTGRES_PASSWORD", superuserPassword)
                .withEnv("POSTGRES_USER", TestPostgres.SUPERUSER)
                .withEnv("POSTGRES_INITDB_ARGS", "--auth=scram-sha-256 --no-sync")
                .withCopyToContainer(Transferable.of(options.configuration(place), WORLD_READABLE), CONFIGURATION)
                .withCopyToContainer(Transferable.of(TestPostgres.SCRAM_ONLY, WORLD_READABLE), CLIENT_RULES)
                .withCommand("postgres", "-c", "config_file=" + CONFIGURATION)
                .withStartupTimeout(STARTUP);
        container.setPortBindings(List.of(port + ":" + PORT));
        return new ServerContainer("PostgreSQL " + options.version() + " (" + image + ")", container);
    }

    static String image(String name, int version) {
        boolean tagged = name.indexOf(':', name.lastIndexOf('/') + 1) >= 0;
        return tagged ? name : name + ":" + version;
    }
}

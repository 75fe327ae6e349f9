package dev.outboxrelay.testcontainers;

import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Postgres with the outbox installed under its real roles, a nats-server with JetStream, and the relay between them,
 * each in a container. Start it once for all tests of a JVM and give each test a tenant of its own:
 *
 * <pre>{@code
 * static final OutboxFixture outbox = OutboxFixture.start();
 *
 * outbox.assertThatTenant("acme").receives("events.order.created", "events.order.paid");
 * }</pre>
 *
 * <p>Images, most specific first: the {@link Builder}'s methods, the system properties {@code outbox.fixture.postgres},
 * {@code .nats}, {@code .relay}, {@code .java} and {@code .distribution}, the defaults {@value #POSTGRES_IMAGE},
 * {@value #NATS_IMAGE} and {@value #RELAY_IMAGE}. Thread-safe once it is started.
 */
public final class OutboxFixture implements AutoCloseable {

    /** The default image of Postgres; 15 to 18 will do. */
    public static final String POSTGRES_IMAGE = "postgres:18";

    /** The default image of NATS; 2.10 or newer will do. */
    public static final String NATS_IMAGE = "nats:2.12-alpine";

    /** The default image of the relay, as {@code docker build -f relay/Dockerfile -t outbox-relay .} names it. */
    public static final String RELAY_IMAGE = "outbox-relay";

    /** The default image for a relay from a distribution directory: any with Java 17 or newer. */
    public static final String JAVA_IMAGE = "eclipse-temurin:17-jre";

    private static final String APPLICATION = "application";

    private final Servers servers;
    private final io.nats.client.Connection nats;
    private final String password;

    private OutboxFixture(Servers servers, io.nats.client.Connection nats, String password) {
        this.servers = servers;
        this.nats = nats;
        this.password = password;
    }

    /** Starts everything with the defaults and returns when the relay is ready: some seconds, once images are there. */
    public static OutboxFixture start() {
        return builder().start();
    }

    /** For other images, settings, or tables of your own. */
    public static Builder builder() {
        return new Builder();
    }

    /** The JDBC URL of the database, for the application's configuration. */
    public String jdbcUrl() {
        return servers.jdbcUrl();
    }

    /**
     * The application's login role: a member of {@code outbox_writer}, so it may insert into {@code outbox.message} and
     * see nothing there, and may create tables in the schema {@code public}.
     */
    public String user() {
        return APPLICATION;
    }

    /** The password of {@link #user()}. */
    public String password() {
        return password;
    }

    /** Opens a connection as the application. */
    public Connection connect() throws SQLException {
        return DriverManager.getConnection(jdbcUrl(), user(), password());
    }

    /** Opens a connection as the superuser: for setting up, and for what an operator would look at. */
    public Connection connectAsAdmin() throws SQLException {
        return servers.connect();
    }

    /** The address of the nats-server, for the application's consumers. */
    public String natsUrl() {
        return servers.natsUrl();
    }

    /** What the relay has said so far. */
    public String relayLog() {
        return servers.relayLog();
    }

    /** Begins an assertion on a tenant's stream. */
    public TenantAssertion assertThatTenant(String tenant) {
        return new TenantAssertion(tenant, new TenantStream(nats, servers, tenant));
    }

    /** Ends and removes the containers. */
    @Override
    public void close() {
        try {
            nats.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        servers.close();
    }

    /** How a fixture is started. One thread. */
    public static final class Builder {
        private final Map<String, String> settings = new TreeMap<>(Map.of("outbox.streams.replicas", "1"));
        private final List<String> sql = new ArrayList<>();
        private String postgres = property("postgres", POSTGRES_IMAGE);
        private String nats = property("nats", NATS_IMAGE);
        private String relay = property("relay", RELAY_IMAGE);
        private String java = property("java", JAVA_IMAGE);
        private @Nullable Path distribution = path(property("distribution", ""));

        private Builder() {}

        /** Takes another image of Postgres, 15 to 18. */
        public Builder postgresImage(String image) {
            postgres = image;
            return this;
        }

        /** Takes another image of NATS, 2.10 or newer. */
        public Builder natsImage(String image) {
            nats = image;
            return this;
        }

        /** Takes another image of the relay. */
        public Builder relayImage(String image) {
            relay = image;
            distribution = null;
            return this;
        }

        /**
         * Runs the relay out of a distribution that {@code mvn package} has made, in an image that needs nothing but
         * Java 17, so that no image of the relay has to be built. The directory is mounted: the engine must be on this
         * machine.
         */
        public Builder relayDistribution(Path directory, String javaImage) {
            distribution = directory;
            java = javaImage;
            return this;
        }

        /**
         * A setting of the relay by its key, such as {@code outbox.naming} or {@code outbox.source.tables[0].table}.
         */
        public Builder setting(String key, String value) {
            settings.put(key, value);
            return this;
        }

        /**
         * SQL that the DBA runs once the schema is installed and before the slot is made: tables of your own with their
         * grants, {@code ALTER PUBLICATION outbox ADD TABLE …}, {@code outbox.attach}. Several statements are one
         * transaction. The application's role is named {@code application}.
         */
        public Builder sql(String statements) {
            sql.add(statements);
            return this;
        }

        /** Starts everything and returns when the relay is ready; throws with its log if it does not get ready. */
        public OutboxFixture start() {
            Servers servers = new Servers(postgres, nats);
            try {
                servers.start();
                String password = UUID.randomUUID().toString();
                String relayPassword = UUID.randomUUID().toString();
                install(servers, password, relayPassword);
                servers.startRelay(distribution == null ? relay : java, distribution, environment(relayPassword));
                Options options = new Options.Builder()
                        .server(servers.natsUrl())
                        .maxReconnects(-1)
                        .build();
                return new OutboxFixture(servers, Nats.connect(options), password);
            } catch (SQLException | IOException e) {
                servers.close();
                throw new IllegalStateException("the outbox cannot be set up: " + e.getMessage(), e);
            } catch (InterruptedException e) {
                servers.close();
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while the outbox is set up", e);
            } catch (RuntimeException e) {
                servers.close();
                throw e;
            }
        }

        private void install(Servers servers, String password, String relayPassword) throws SQLException, IOException {
            try (Connection admin = servers.connect();
                    Statement statement = admin.createStatement()) {
                statement.setEscapeProcessing(false);
                for (SchemaFile file : SchemaFile.versions()) {
                    statement.execute(file.text());
                }
                statement.execute("ALTER ROLE outbox_relay PASSWORD '" + relayPassword + "'");
                statement.execute("CREATE ROLE " + APPLICATION + " LOGIN PASSWORD '" + password
                        + "' IN ROLE outbox_writer; GRANT ALL ON SCHEMA public TO " + APPLICATION);
                for (String own : sql) {
                    statement.execute(own);
                }
                statement.execute(SchemaFile.slot().text());
            }
        }

        private Map<String, String> environment(String relayPassword) {
            Map<String, String> environment = new TreeMap<>();
            settings.forEach((key, value) -> environment.put(variable(key), value));
            environment.put("OUTBOX_POSTGRES_URL", Servers.INNER_JDBC_URL);
            environment.put("OUTBOX_POSTGRES_USER", "outbox_relay");
            environment.put("OUTBOX_POSTGRES_PASSWORD", relayPassword);
            environment.put("OUTBOX_NATS_URL", Servers.INNER_NATS_URL);
            environment.put("OUTBOX_ADMIN_BIND", "0.0.0.0:" + Servers.ADMIN_PORT);
            return environment;
        }

        /** The name of a setting's environment variable. */
        private static String variable(String key) {
            return key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
        }

        /** An empty property, as of a build tool that passes an unset one on, counts as missing. */
        private static String property(String name, String otherwise) {
            String value = System.getProperty("outbox.fixture." + name, "");
            return value.isEmpty() ? otherwise : value;
        }

        private static @Nullable Path path(String text) {
            return text.isEmpty() ? null : Path.of(text);
        }
    }
}

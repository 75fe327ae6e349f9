package dev.outboxrelay.postgres;

import dev.outboxrelay.config.PostgresSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens connections to the database that holds the outbox. Thread-safe; pools nothing. */
public final class Database {

    /** What every connection's {@code application_name} begins with; its purpose follows. */
    public static final String APPLICATION = "outbox-relay ";

    private static final Logger log = LoggerFactory.getLogger(Database.class);

    /** Seconds until an attempt to connect, or a statement that gets no answer from the network, fails. */
    private static final String CONNECT_SECONDS = "10";

    private static final int SILENCE_SECONDS = 60;

    private final PostgresSettings settings;
    private final List<Endpoint> endpoints;
    private volatile Endpoint lastPrimary;

    public Database(PostgresSettings settings) {
        this.settings = settings;
        this.endpoints = Endpoint.parse(settings.url());
        this.lastPrimary = endpoints.get(0);
    }

    /**
     * Opens a connection that shows its purpose in {@code pg_stat_activity}.
     *
     * @param purpose such as {@code settle}
     * @throws SQLException when the server cannot be reached or refuses; {@link SqlErrors} tells which
     */
    public Connection open(String purpose) throws SQLException {
        return openAt(primary(), purpose);
    }

    /**
     * Opens a connection on which no answer may take longer than this.
     *
     * @param purpose shown in {@code pg_stat_activity}
     * @param seconds until silence counts as loss
     * @throws SQLException when the server cannot be reached or refuses
     */
    public Connection openBrief(String purpose, int seconds) throws SQLException {
        return connect(settings.url(), properties(lastPrimary, purpose, Integer.toString(seconds)));
    }

    /**
     * Opens a connection on which replication commands may be given.
     *
     * @param purpose shown in {@code pg_stat_activity}
     * @throws SQLException when the server cannot be reached or refuses
     */
    public Connection openReplication(String purpose) throws SQLException {
        Properties properties = properties(lastPrimary, purpose, CONNECT_SECONDS);
        properties.setProperty("replication", "database");
        properties.setProperty("assumeMinServerVersion", "15");
        properties.setProperty("preferQueryMode", "simple");
        return connect(settings.url(), properties);
    }

    /** Closes a connection, if there is one, whatever state it is in. */
    public static void discard(@Nullable Connection connection) {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException e) {
                log.atDebug().addKeyValue("error", e.getMessage()).log("closing a connection failed");
            }
        }
    }

    /**
     * Which of the configured servers is the primary.
     *
     * @throws SQLException when none of them is, or none can be reached
     */
    public Endpoint primary() throws SQLException {
        if (endpoints.size() == 1) {
            return endpoints.get(0);
        }
        SQLException last = new SQLException("none of the configured servers is a primary", "08001");
        for (Endpoint endpoint : lastPrimaryFirst()) {
            try (Connection connection = connect(endpoint.url(), properties(endpoint, "look", CONNECT_SECONDS));
                    Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_is_in_recovery()")) {
                row.next();
                if (!row.getBoolean(1)) {
                    lastPrimary = endpoint;
                    return endpoint;
                }
            } catch (SQLException e) {
                last = e;
            }
        }
        throw last;
    }

    /**
     * Opens a connection to this one server, whatever the others are.
     *
     * @param purpose shown in {@code pg_stat_activity}
     * @throws SQLException when the server cannot be reached, refuses, or is one of several and no primary
     */
    public Connection openAt(Endpoint endpoint, String purpose) throws SQLException {
        // a server that accepts a connection and says nothing would otherwise be waited for as long as for an answer
        Connection connection = connect(endpoint.url(), properties(endpoint, purpose, CONNECT_SECONDS));
        try {
            connection.setNetworkTimeout(Runnable::run, (int) TimeUnit.SECONDS.toMillis(SILENCE_SECONDS));
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** One that says nothing costs ten seconds each time. */
    private List<Endpoint> lastPrimaryFirst() {
        Endpoint first = lastPrimary;
        return Stream.concat(Stream.of(first), endpoints.stream().filter(endpoint -> !endpoint.equals(first)))
                .toList();
    }

    /**
     * What the driver has to be told to be let in: user, password as it is now, certificates.
     *
     * @throws DatabaseException when a file with one of these cannot be used
     */
    public Map<String, String> login(Endpoint endpoint) throws DatabaseException {
        try {
            return secrets(endpoint);
        } catch (SQLException e) {
            throw new DatabaseException("reading the password", e);
        }
    }

    private Map<String, String> secrets(Endpoint endpoint) throws SQLException {
        Map<String, String> login = new TreeMap<>();
        login.put("user", settings.user());
        login.put("password", Passwords.current(settings.login(), endpoint).value());
        login.putAll(Encryption.properties(settings.tls(), endpoint.parameters()));
        return login;
    }

    private Connection connect(String url, Properties properties) throws SQLException {
        try {
            return DriverManager.getConnection(url, properties);
        } catch (SQLException e) {
            throw Encryption.explained(e, settings);
        }
    }

    private Properties properties(Endpoint endpoint, String purpose, String silenceSeconds) throws SQLException {
        Properties properties = new Properties();
        properties.putAll(secrets(endpoint));
        properties.setProperty("ApplicationName", APPLICATION + purpose);
        properties.setProperty("connectTimeout", CONNECT_SECONDS);
        properties.setProperty("socketTimeout", silenceSeconds);
        properties.setProperty("tcpKeepAlive", "true");
        if (endpoints.size() > 1) {
            // after a promotion the driver must not go on believing what it saw before
            properties.setProperty("targetServerType", "primary");
            properties.setProperty("hostRecheckSeconds", "1");
        }
        return properties;
    }

    /** The settings, for messages. */
    public PostgresSettings settings() {
        return settings;
    }
}

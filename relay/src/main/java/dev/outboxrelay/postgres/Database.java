package dev.outboxrelay.postgres;

import dev.outboxrelay.config.PostgresSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;

/** Opens connections to the database that holds the outbox. Thread-safe; pools nothing. */
public final class Database {

    /** Seconds until an attempt to connect, or a statement that gets no answer from the network, fails. */
    private static final String CONNECT_SECONDS = "10";

    private static final String SILENCE_SECONDS = "60";

    private final PostgresSettings settings;
    private final List<Endpoint> endpoints;

    public Database(PostgresSettings settings) {
        this.settings = settings;
        this.endpoints = Endpoint.parse(settings.url());
    }

    /**
     * Opens a connection that shows its purpose in {@code pg_stat_activity}.
     *
     * @param purpose such as {@code settle}
     * @throws SQLException when the server cannot be reached or refuses; {@link SqlErrors} tells which
     */
    public Connection open(String purpose) throws SQLException {
        return open(purpose, SILENCE_SECONDS);
    }

    /**
     * Opens a connection on which no answer may take longer than this.
     *
     * @param purpose shown in {@code pg_stat_activity}
     * @param seconds until silence counts as loss
     * @throws SQLException when the server cannot be reached or refuses
     */
    public Connection openBrief(String purpose, int seconds) throws SQLException {
        return open(purpose, Integer.toString(seconds));
    }

    /**
     * Opens a connection on which replication commands may be given.
     *
     * @param purpose shown in {@code pg_stat_activity}
     * @throws SQLException when the server cannot be reached or refuses
     */
    public Connection openReplication(String purpose) throws SQLException {
        Properties properties = properties(purpose, CONNECT_SECONDS);
        properties.setProperty("replication", "database");
        properties.setProperty("assumeMinServerVersion", "15");
        properties.setProperty("preferQueryMode", "simple");
        return DriverManager.getConnection(settings.url(), properties);
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
        for (Endpoint endpoint : endpoints) {
            try (Connection connection =
                            DriverManager.getConnection(endpoint.url(), properties("look", CONNECT_SECONDS));
                    Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_is_in_recovery()")) {
                row.next();
                if (!row.getBoolean(1)) {
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
        return DriverManager.getConnection(endpoint.url(), properties(purpose, SILENCE_SECONDS));
    }

    private Connection open(String purpose, String silenceSeconds) throws SQLException {
        return DriverManager.getConnection(settings.url(), properties(purpose, silenceSeconds));
    }

    private Properties properties(String purpose, String silenceSeconds) {
        Properties properties = new Properties();
        properties.setProperty("user", settings.user());
        properties.setProperty("password", settings.password().value());
        properties.setProperty("ApplicationName", "outbox-relay " + purpose);
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

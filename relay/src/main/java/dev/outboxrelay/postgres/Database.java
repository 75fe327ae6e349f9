package dev.outboxrelay.postgres;

import dev.outboxrelay.config.PostgresSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Opens connections to the database that holds the outbox. Thread-safe; pools nothing. */
public final class Database {

    /** Seconds until an attempt to connect, or a statement that gets no answer from the network, fails. */
    private static final String CONNECT_SECONDS = "10";

    private static final String SILENCE_SECONDS = "60";

    private final PostgresSettings settings;

    public Database(PostgresSettings settings) {
        this.settings = settings;
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

    private Connection open(String purpose, String silenceSeconds) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", settings.user());
        properties.setProperty("password", settings.password().value());
        properties.setProperty("ApplicationName", "outbox-relay " + purpose);
        properties.setProperty("connectTimeout", CONNECT_SECONDS);
        properties.setProperty("socketTimeout", silenceSeconds);
        properties.setProperty("tcpKeepAlive", "true");
        return DriverManager.getConnection(settings.url(), properties);
    }

    /** The settings, for messages. */
    public PostgresSettings settings() {
        return settings;
    }
}

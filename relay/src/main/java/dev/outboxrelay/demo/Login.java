package dev.outboxrelay.demo;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;

/** A role of one database with its password. Any thread. */
record Login(int port, String database, String user, Password password) {

    private static final String TIMEOUT_SECONDS = "10";

    String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    Connection open() throws SQLException {
        return open(Map.of());
    }

    /** Opens a connection with further properties of the driver. */
    Connection open(Map<String, String> more) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password.secret());
        properties.setProperty("ApplicationName", "outbox-relay-demo");
        properties.setProperty("connectTimeout", TIMEOUT_SECONDS);
        properties.setProperty("loginTimeout", TIMEOUT_SECONDS);
        more.forEach(properties::setProperty);
        return DriverManager.getConnection(jdbcUrl(), properties);
    }
}

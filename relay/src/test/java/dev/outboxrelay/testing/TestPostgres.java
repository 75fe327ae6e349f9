package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One real Postgres server for a test, with {@code wal_level=logical} and SCRAM only.
 *
 * <p>It keeps its data and its port when it is killed and restarted. The superuser is for setting up; a test acts as
 * one of the three roles of the schema. Used by one thread at a time, except for connecting.
 */
public final class TestPostgres implements AutoCloseable {
    /** The database that exists from the start and that {@link #installSchema()} installs into. */
    public static final String DATABASE = "app";

    public static final String WRITER = "outbox_writer";
    public static final String RELAY = "outbox_relay";
    public static final String OPERATOR = "outbox_operator";

    static final String SUPERUSER = "postgres";
    private static final String MAINTENANCE = "postgres";
    private static final String TEMPLATE = "installed_once";
    static final String SCRAM_ONLY = """
            local all         all     scram-sha-256
            host  all         all all scram-sha-256
            host  replication all all scram-sha-256
            """;

    private static final Duration START_DEADLINE = Duration.ofSeconds(60);
    private static final String CONNECT_TIMEOUT_SECONDS = "5";

    private final PostgresOptions options;
    private final Server server;
    private final int port;
    private final String superuserPassword;
    private final Map<String, String> passwords = new TreeMap<>();

    private @Nullable PostgresStandby standby;
    private boolean templateIsMade;

    private TestPostgres(PostgresOptions options, Server server, int port, String superuserPassword) {
        this.options = options;
        this.server = server;
        this.port = port;
        this.superuserPassword = superuserPassword;
    }

    /** Starts a server with the defaults and returns it when it answers. */
    public static TestPostgres start() {
        return start(PostgresOptions.defaults());
    }

    /** Starts a server and returns it when it answers. Throws with the end of its log if it does not. */
    public static TestPostgres start(PostgresOptions options) {
        int port = FreePorts.next();
        String password = randomPassword();
        Server server = switch (options.mode()) {
            case PROCESSES -> PostgresProcess.prepare(options, port, password);
            case CONTAINERS -> PostgresContainer.prepare(options, port, password);
        };
        return started(new TestPostgres(options, server, port, password));
    }

    /** The same as a process of this machine in every mode: only such a one can be given a standby. */
    public static TestPostgres startProcess(PostgresOptions options) {
        int port = FreePorts.next();
        String password = randomPassword();
        return started(new TestPostgres(options, PostgresProcess.prepare(options, port, password), port, password));
    }

    private static TestPostgres started(TestPostgres postgres) {
        try {
            postgres.server.start();
            postgres.awaitReady();
            postgres.createDatabase(DATABASE);
            return postgres;
        } catch (SQLException e) {
            postgres.close();
            throw new IllegalStateException("cannot set up PostgreSQL " + postgres.options.version(), e);
        } catch (RuntimeException | AssertionError e) {
            postgres.close();
            throw e;
        }
    }

    /** Returns the port, the same over every restart. */
    public int port() {
        return port;
    }

    /** Returns the host under which the test reaches the server. */
    public String host() {
        return server.host();
    }

    /** Returns the JDBC URL of {@link #DATABASE}, without user and password. */
    public String jdbcUrl() {
        return jdbcUrl(DATABASE);
    }

    /** Returns the JDBC URL of a database, without user and password. */
    public String jdbcUrl(String database) {
        PostgresStandby second = standby;
        return second == null
                ? "jdbc:postgresql://" + host() + ":" + port + "/" + database
                : "jdbc:postgresql://" + host() + ":" + port + "," + host() + ":" + second.port() + "/" + database
                        + "?targetServerType=primary&hostRecheckSeconds=1";
    }

    /** Opens a connection to {@link #DATABASE} as the superuser: for setting up, never for what a test is about. */
    public Connection superuser() throws SQLException {
        return superuser(DATABASE);
    }

    /** Opens a connection to a database as the superuser. */
    public Connection superuser(String database) throws SQLException {
        return connect(database, SUPERUSER, superuserPassword);
    }

    /** Opens a connection to {@link #DATABASE} as a role of the schema. */
    public Connection connect(String role) throws SQLException {
        return connect(role, password(role));
    }

    /** Opens a connection to {@link #DATABASE} as any user. */
    public Connection connect(String user, String password) throws SQLException {
        return connect(DATABASE, user, password);
    }

    /** Opens a connection to a database as any user. */
    public Connection connect(String database, String user, String password) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("connectTimeout", CONNECT_TIMEOUT_SECONDS);
        properties.setProperty("loginTimeout", CONNECT_TIMEOUT_SECONDS);
        return DriverManager.getConnection(jdbcUrl(database), properties);
    }

    /** Returns the random password of a role of the schema. Throws before {@link #installSchema()}. */
    public String password(String role) {
        String password = passwords.get(role);
        if (password == null) {
            throw new IllegalStateException("role " + role + " has no password yet: call installSchema() first");
        }
        return password;
    }

    /** Installs the schema and the slot into {@link #DATABASE} and gives the three roles a random password each. */
    public void installSchema() throws SQLException {
        installSchema(DATABASE);
        run(DATABASE, Repository.root().resolve("schema/slot.sql"));
    }

    /** Installs the schema, without a slot, into a database and gives the three roles a password if they have none. */
    public void installSchema(String database) throws SQLException {
        installSchema(database, Repository.migrations());
    }

    /** The same with the files of another version. */
    public void installSchema(String database, List<Path> migrations) throws SQLException {
        for (Path migration : migrations) {
            run(database, migration);
        }
        for (String role : List.of(WRITER, RELAY, OPERATOR)) {
            if (!passwords.containsKey(role)) {
                passwords.put(role, randomPassword());
                execute(database, "ALTER ROLE " + role + " LOGIN PASSWORD '" + passwords.get(role) + "'");
            }
        }
    }

    /** Creates a database with the schema in it, without a slot: a copy of one into which it was installed once. */
    public void createInstalled(String name) throws SQLException {
        if (!templateIsMade) {
            createDatabase(TEMPLATE);
            installSchema(TEMPLATE);
            execute(MAINTENANCE, "ALTER DATABASE " + TEMPLATE + " WITH ALLOW_CONNECTIONS false");
            templateIsMade = true;
        }
        execute(MAINTENANCE, "CREATE DATABASE \"" + name.replace("\"", "\"\"") + "\" TEMPLATE " + TEMPLATE);
    }

    /** Creates an empty database. */
    public void createDatabase(String name) throws SQLException {
        execute(MAINTENANCE, "CREATE DATABASE \"" + name.replace("\"", "\"\"") + "\"");
    }

    /** Runs SQL as the superuser in {@link #DATABASE}; several statements are one transaction. */
    public void execute(String sql) throws SQLException {
        execute(DATABASE, sql);
    }

    /** Runs SQL as the superuser in a database; several statements are one transaction unless they say otherwise. */
    public void execute(String database, String sql) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", SUPERUSER);
        properties.setProperty("password", superuserPassword);
        properties.setProperty("preferQueryMode", "simple"); // the server itself splits the text, as with psql -c
        try (Connection connection = DriverManager.getConnection(jdbcUrl(database), properties);
                Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        }
    }

    /** Changes a setting that a reload suffices for; {@link #restart()} for the others. */
    public void set(String setting, String value) throws SQLException {
        execute("ALTER SYSTEM SET " + setting + " = '" + value.replace("'", "''") + "'");
        execute("SELECT pg_reload_conf()");
    }

    /** Ends the server with all its backends at once (SIGKILL); nothing listens until {@link #restart()}. */
    public void kill() {
        server.kill();
    }

    /** Shuts the server down in an orderly way (fast mode): clients are dropped, a checkpoint is written. */
    public void stop() {
        server.stop();
    }

    /** Ends the server at its own hands without a checkpoint (immediate mode): clients are dropped in the middle. */
    public void stopImmediately() {
        server.signal("QUIT");
        Await.until("PostgreSQL is gone", START_DEADLINE, () -> !server.isRunning());
    }

    /** Starts the server again on the same data and port, after stopping it if it runs, and waits until it answers. */
    public void restart() {
        server.stop();
        server.start();
        awaitReady();
    }

    /** Freezes the server with all its backends: connections stay open and silent. */
    public void pause() {
        server.pause();
    }

    /** Lets a paused server go on. */
    public void resume() {
        server.resume();
    }

    /** Returns the end of the server's log. */
    public String lastLog() {
        return server.lastLog();
    }

    /** Returns the whole log of the server. */
    public String wholeLog() {
        return server.wholeLog();
    }

    /**
     * Gives it a physical standby, once: from now on every URL and connection is for both, and leads to whichever is
     * the primary. The standby ends with this server.
     */
    public PostgresStandby addStandby() {
        if (!(server instanceof ServerProcess process)) {
            throw new IllegalStateException("only a process can be given a standby");
        }
        PostgresStandby added = PostgresStandby.of(this, process, options, superuserPassword);
        standby = added;
        return added;
    }

    /** Ends the server and deletes its data. Idempotent. */
    @Override
    public void close() {
        if (standby != null) {
            standby.close();
        }
        server.close();
    }

    private void awaitReady() {
        try {
            Await.until("PostgreSQL answers on port " + port, START_DEADLINE, () -> {
                if (!server.isRunning()) {
                    return true;
                }
                superuser(MAINTENANCE).close();
                return true;
            });
        } catch (AssertionError e) {
            throw new IllegalStateException(e.getMessage() + "; its log ends with:\n" + lastLog(), e);
        }
        if (!server.isRunning()) {
            throw new IllegalStateException("PostgreSQL ended while it started; its log ends with:\n" + lastLog());
        }
    }

    private void run(String database, Path file) throws SQLException {
        try {
            execute(database, Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        } catch (SQLException e) {
            throw new SQLException(file.getFileName() + ": " + e.getMessage(), e.getSQLState(), e);
        }
    }

    private static String randomPassword() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}

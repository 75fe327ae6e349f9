package dev.outboxrelay.testing;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A physical standby of a {@link TestPostgres}, set up as a DBA does who wants the logical slots to survive a promotion
 * (PostgreSQL 17 and later): a physical slot, feedback, and a worker that synchronises the slots.
 *
 * <p>It is copied by hand, as the PostgreSQL documentation describes under "Making a Base Backup Using the Low Level
 * API": the embedded binaries have no {@code pg_basebackup}. Always a process of this machine. One thread.
 */
public final class PostgresStandby implements AutoCloseable {
    private static final String PHYSICAL_SLOT = "standby";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What of a data folder must not be copied: the folders stay, empty. */
    private static final Set<String> EMPTY = Set.of(
            "pg_wal",
            "pg_replslot",
            "pg_dynshmem",
            "pg_notify",
            "pg_serial",
            "pg_snapshots",
            "pg_stat_tmp",
            "pg_subtrans");

    private static final Set<String> LEFT_OUT = Set.of("postmaster.pid", "postmaster.opts");

    private final TestPostgres primary;
    private final String password;
    private final int port;
    private final ServerProcess server;

    private PostgresStandby(TestPostgres primary, String password, int port, ServerProcess server) {
        this.primary = primary;
        this.password = password;
        this.port = port;
        this.server = server;
    }

    /** Copies the running primary, starts the copy and returns when it follows. */
    static PostgresStandby of(TestPostgres primary, ServerProcess original, PostgresOptions options, String password) {
        int port = FreePorts.next();
        Map<String, String> more = new LinkedHashMap<>();
        more.put(
                "primary_conninfo",
                "host=127.0.0.1 port=" + primary.port() + " user=" + TestPostgres.SUPERUSER + " password=" + password
                        + " dbname=" + TestPostgres.DATABASE);
        more.put("primary_slot_name", PHYSICAL_SLOT);
        more.put("hot_standby_feedback", "on");
        more.put("sync_replication_slots", "on");
        more.put("wal_receiver_status_interval", "1s");
        more.put("wal_retrieve_retry_interval", "200ms");
        PostgresOptions own = options;
        for (Map.Entry<String, String> setting : more.entrySet()) {
            own = own.with(setting.getKey(), setting.getValue());
        }
        ServerProcess server = PostgresProcess.withoutData(own, port);
        PostgresStandby standby = new PostgresStandby(primary, password, port, server);
        try {
            standby.copy(PostgresProcess.data(original), PostgresProcess.data(server));
            server.start();
            Await.until(
                    "the standby answers",
                    PATIENCE,
                    () -> !server.isRunning()
                            || standby.value("SELECT pg_is_in_recovery()").equals("t"));
            if (!server.isRunning()) {
                throw new IOException("it has ended");
            }
            primary.set("synchronized_standby_slots", PHYSICAL_SLOT);
            return standby;
        } catch (IOException | SQLException | AssertionError e) {
            String log = standby.lastLog();
            server.close();
            throw new IllegalStateException("cannot set up a standby; its log ends with:\n" + log, e);
        }
    }

    private void copy(Path from, Path to) throws SQLException, IOException {
        try (Connection connection = primary.superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_create_physical_replication_slot('" + PHYSICAL_SLOT + "', true)");
            statement.execute("SELECT pg_backup_start('standby', true)");
            copyFiles(from, to);
            try (ResultSet label = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
                label.next();
                Files.writeString(to.resolve("backup_label"), label.getString(1));
            }
        }
        Files.createFile(to.resolve("standby.signal"));
        Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwx------"));
        Unprivileged.give(to);
    }

    /** Files may change and vanish meanwhile: the WAL since the backup's start mends all that. */
    private static void copyFiles(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Path relative = from.relativize(folder);
                if (relative.getNameCount() > 1 && isEmptied(relative)) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(to.resolve(relative));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Path relative = from.relativize(file);
                if (!LEFT_OUT.contains(relative.toString()) && !isEmptied(relative)) {
                    try {
                        Files.copy(file, to.resolve(relative), StandardCopyOption.COPY_ATTRIBUTES);
                    } catch (NoSuchFileException vanished) {
                        return FileVisitResult.CONTINUE;
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
    }

    private static boolean isEmptied(Path relative) {
        return EMPTY.contains(relative.getName(0).toString());
    }

    public int port() {
        return port;
    }

    /**
     * Waits until the standby holds a copy of a slot that would survive a promotion. A slot that nobody reads is moved
     * on for it: a copy is kept for good only when the original has passed what the standby could decode at first.
     */
    public void awaitSynchronised(String database, String slot) {
        try {
            Await.until("slot " + slot + " is synchronised", PATIENCE, () -> {
                // what lets a slot move on otherwise comes every 15 s
                primary.execute(database, "SELECT pg_log_standby_snapshot()");
                primary.execute(
                        database,
                        "SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn())"
                                + " FROM pg_replication_slots WHERE slot_name = '" + slot + "' AND NOT active");
                return value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + slot
                                + "' AND synced AND NOT temporary")
                        .equals("1");
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; the standby's log ends with:\n" + lastLog(), e);
        }
    }

    /** Waits until the standby has replayed everything that the primary has written so far. */
    public void awaitCaughtUp() throws SQLException {
        String end;
        try (Connection connection = primary.superuser();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_current_wal_lsn()")) {
            row.next();
            end = row.getString(1);
        }
        Await.until(
                "the standby has caught up",
                PATIENCE,
                () -> value("SELECT pg_last_wal_replay_lsn() >= '" + end + "'").equals("t"));
    }

    /** From now on the copies of the slots stay where they are. */
    public void stopSynchronising() throws SQLException {
        execute("ALTER SYSTEM SET sync_replication_slots = off");
        execute("SELECT pg_reload_conf()");
        Await.until(
                "no worker synchronises slots",
                PATIENCE,
                () -> value("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'slotsync worker'")
                        .equals("0"));
    }

    /** Makes it the primary and returns when it takes writes. The old primary must be gone. */
    public void promote() throws SQLException {
        execute("SELECT pg_promote(true, 60)");
    }

    /** The first value of the first row of a query on this server. */
    public String value(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? String.valueOf(row.getString(1)) : "";
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + TestPostgres.DATABASE + "?connectTimeout=5",
                TestPostgres.SUPERUSER,
                password);
    }

    /** Returns the end of the server's log. */
    public String lastLog() {
        return server.lastLog();
    }

    @Override
    public void close() {
        server.close();
    }
}

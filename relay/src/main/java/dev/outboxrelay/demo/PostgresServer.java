package dev.outboxrelay.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The demo's PostgreSQL: on loopback, with {@code wal_level=logical} and SCRAM for everybody. */
final class PostgresServer implements AutoCloseable {

    private static final Duration START_DEADLINE = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final String SUPERUSER = "postgres";
    private static final String SCRAM_ONLY = """
            host all         all 127.0.0.1/32 scram-sha-256
            host replication all 127.0.0.1/32 scram-sha-256
            """;

    private final Login superuser;
    private final ChildProcess process;
    private final String version;

    private PostgresServer(Login superuser, ChildProcess process, String version) {
        this.superuser = superuser;
        this.process = process;
        this.version = version;
    }

    /** Unpacks, initialises and starts it in a folder, and returns when it answers. */
    static PostgresServer start(
            PostgresArchive archive, Path folder, int port, Password password, Watchdog watchdog, StopSignal stop)
            throws DemoFailed, StopRequested, InterruptedException {
        Login superuser = new Login(port, "postgres", SUPERUSER, password);
        try {
            Path home = Files.createDirectory(folder.resolve("postgres"));
            Path bin = PostgresBinaries.unpack(archive, home.resolve("programs"), stop);
            Path data = home.resolve("data");
            Path passwordFile = Files.writeString(home.resolve("password"), password.secret());
            Path hba = Files.writeString(home.resolve("pg_hba.conf"), SCRAM_ONLY);
            Path configuration = Files.writeString(home.resolve("postgresql.conf"), configuration(port, hba));
            Unprivileged rights = Unprivileged.here();
            rights.give(folder);
            try (ChildProcess initdb = ChildProcess.start(
                    "initdb", rights.command(initdb(bin, data, passwordFile)), home, "TERM", "KILL", watchdog)) {
                initdb.awaitSuccess(stop);
            }
            Files.delete(passwordFile);
            List<String> command = List.of(
                    bin.resolve("postgres").toString(), "-D", data.toString(), "-c", "config_file=" + configuration);
            // always at once: the data goes anyway, so a last checkpoint would only cost time
            ChildProcess process =
                    ChildProcess.start("postgres", rights.command(command), home, "QUIT", "QUIT", watchdog);
            try {
                return new PostgresServer(superuser, process, awaitVersion(superuser, process, stop));
            } catch (Throwable e) {
                process.close();
                throw e;
            }
        } catch (IOException e) {
            throw new DemoFailed("cannot set up PostgreSQL in " + folder, e);
        }
    }

    private static List<String> initdb(Path bin, Path data, Path passwordFile) {
        return List.of(
                bin.resolve("initdb").toString(),
                "--pgdata=" + data,
                "--username=" + SUPERUSER,
                "--pwfile=" + passwordFile,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync");
    }

    /** Shared memory lies in files of the data folder as far as possible, so that it goes with the folder. */
    private static String configuration(int port, Path hba) {
        return """
                listen_addresses = '127.0.0.1'
                port = %d
                unix_socket_directories = ''
                hba_file = '%s'
                password_encryption = scram-sha-256
                wal_level = logical
                max_wal_senders = 5
                max_replication_slots = 5
                max_connections = 50
                shared_buffers = 64MB
                dynamic_shared_memory_type = mmap
                io_method = sync
                """.formatted(port, hba);
    }

    private static String awaitVersion(Login superuser, ChildProcess process, StopSignal stop)
            throws DemoFailed, StopRequested, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            stop.check();
            Optional<String> crash = process.crash();
            if (crash.isPresent()) {
                throw new DemoFailed(crash.get());
            }
            try (Connection connection = superuser.open();
                    Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("SHOW server_version")) {
                row.next();
                return row.getString(1);
            } catch (SQLException e) {
                if (System.nanoTime() - start > START_DEADLINE.toNanos()) {
                    throw new DemoFailed("PostgreSQL does not answer after " + START_DEADLINE.toSeconds() + " s", e);
                }
            }
            boolean unused = stop.await(POLL);
        }
    }

    Login superuser() {
        return superuser;
    }

    String version() {
        return version;
    }

    Optional<String> crash() {
        return process.crash();
    }

    @Override
    public void close() {
        process.close();
    }
}

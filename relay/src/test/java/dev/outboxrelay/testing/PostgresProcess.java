package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Sets up a Postgres server as a process of this machine. */
final class PostgresProcess {
    private static final String DATA = "data";
    private static final int SHARED_MEMORY_LINE = 6;

    private PostgresProcess() {}

    /** Runs {@code initdb} in a folder of its own and returns the server, not started. */
    static Server prepare(PostgresOptions options, int port, String superuserPassword) {
        ServerProcess server = withoutData(options, port);
        try {
            initdb(bin(options.version()), server.folder(), data(server), superuserPassword);
            Unprivileged.give(server.folder());
            return server;
        } catch (IOException e) {
            Folders.delete(server.folder());
            throw new UncheckedIOException("cannot set up PostgreSQL " + options.version(), e);
        } catch (RuntimeException e) {
            Folders.delete(server.folder());
            throw e;
        }
    }

    /** A server with its configuration in a folder of its own, and nothing in {@link #data} yet. */
    static ServerProcess withoutData(PostgresOptions options, int port) {
        Path folder = Folders.temporary("postgres");
        try {
            Path data = folder.resolve(DATA);
            Files.writeString(folder.resolve("pg_hba.conf"), TestPostgres.SCRAM_ONLY);
            Files.writeString(folder.resolve("postgresql.conf"), options.configuration(place(folder, port)));
            List<String> command = program(
                    bin(options.version()),
                    "postgres",
                    "-D",
                    data.toString(),
                    "-c",
                    "config_file=" + folder.resolve("postgresql.conf"));
            return new ServerProcess(
                    "PostgreSQL " + options.version(),
                    folder,
                    Unprivileged.command(command),
                    ServerProcess.Signal.INT,
                    () -> freeSharedMemory(data));
        } catch (IOException e) {
            Folders.delete(folder);
            throw new UncheckedIOException("cannot set up PostgreSQL " + options.version(), e);
        } catch (RuntimeException e) {
            Folders.delete(folder);
            throw e;
        }
    }

    /** The server's data folder. */
    static Path data(ServerProcess server) {
        return server.folder().resolve(DATA);
    }

    private static Map<String, String> place(Path folder, int port) {
        Map<String, String> place = new LinkedHashMap<>();
        place.put("listen_addresses", "127.0.0.1");
        place.put("port", Integer.toString(port));
        place.put("unix_socket_directories", "");
        place.put("hba_file", folder.resolve("pg_hba.conf").toString());
        // Files in the data folder: they go with it, however the server ended.
        place.put("dynamic_shared_memory_type", "mmap");
        return place;
    }

    private static Path bin(int version) {
        return version == 18 ? EmbeddedBinaries.bin() : Repository.printedBy("postgres-bin", Integer.toString(version));
    }

    /** A private copy of Debian's packages brings the libraries that this machine lacks: the program must find them. */
    private static List<String> program(Path bin, String name, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        if (bin.startsWith(Unprivileged.cacheHome()) && bin.toString().contains("/usr/lib/postgresql/")) {
            Path libraries = bin.resolve("../../..").normalize();
            try (Stream<Path> platforms = Files.list(libraries)) {
                String path = platforms
                        .map(Path::toString)
                        .filter(folder -> folder.endsWith("-linux-gnu"))
                        .collect(Collectors.joining(":"));
                command.addAll(List.of("env", "LD_LIBRARY_PATH=" + path));
            }
        }
        command.add(bin.resolve(name).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private static void initdb(Path bin, Path folder, Path data, String password) throws IOException {
        Path passwordFile = folder.resolve("password");
        Path log = folder.resolve("initdb.log");
        Files.writeString(passwordFile, password);
        Unprivileged.give(folder);
        List<String> command = Unprivileged.command(program(
                bin,
                "initdb",
                "--pgdata=" + data,
                "--username=" + TestPostgres.SUPERUSER,
                "--pwfile=" + passwordFile,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync"));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException("initdb failed: " + Files.readString(log));
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in initdb", e);
        }
        Files.delete(passwordFile);
    }

    /** A killed Postgres leaves its System V segment to its successor; where none comes, it stays until a reboot. */
    private static void freeSharedMemory(Path data) {
        try {
            Path lock = data.resolve("postmaster.pid");
            if (!Files.exists(lock)) {
                return;
            }
            List<String> lines = Files.readAllLines(lock, StandardCharsets.UTF_8);
            if (lines.size() > SHARED_MEMORY_LINE) {
                String[] keyAndId = lines.get(SHARED_MEMORY_LINE).strip().split("\\s+", -1);
                new ProcessBuilder("ipcrm", "-m", keyAndId[keyAndId.length - 1])
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor();
            }
        } catch (IOException noSuchProgram) {
            // Without ipcrm 56 bytes stay: no reason to fail a test.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.outboxrelay.schema;

import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestPostgres;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The newest and the oldest supported PostgreSQL. Each server starts at its first use and serves all tests of this
 * package, one after the other; it ends with the JVM. One thread.
 */
enum SchemaServer {
    POSTGRES_18(18),
    POSTGRES_15(15);

    private static final Map<SchemaServer, TestPostgres> RUNNING = new EnumMap<>(SchemaServer.class);

    private final int version;

    SchemaServer(int version) {
        this.version = version;
    }

    /** Returns the running server, started now if it is not yet. */
    TestPostgres postgres() {
        return RUNNING.computeIfAbsent(this, server -> {
            TestPostgres started = TestPostgres.start(PostgresOptions.defaults().onVersion(server.version));
            Runtime.getRuntime().addShutdownHook(new Thread(started::close));
            return started;
        });
    }

    /** Returns a file of {@code schema/}. */
    static Path file(String name) {
        return Repository.root().resolve("schema").resolve(name);
    }

    /** Returns the names of the versioned files in version order. */
    static List<String> versions() {
        return Repository.migrations().stream()
                .map(file -> String.valueOf(file.getFileName()))
                .toList();
    }
}

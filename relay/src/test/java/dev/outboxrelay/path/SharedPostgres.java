package dev.outboxrelay.path;

import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.TestPostgres;
import org.jspecify.annotations.Nullable;

/**
 * The server on which tests have a database each. It starts at its first use, keeps the time of every commit, and ends
 * with the JVM. One thread.
 */
public final class SharedPostgres {

    private static @Nullable TestPostgres running;

    private SharedPostgres() {}

    public static PostgresOptions options() {
        return PostgresOptions.defaults()
                .with("track_commit_timestamp", "on")
                .with("max_replication_slots", "30")
                .with("max_wal_senders", "30");
    }

    public static TestPostgres get() {
        TestPostgres server = running;
        if (server == null) {
            server = TestPostgres.start(options());
            Runtime.getRuntime().addShutdownHook(new Thread(server::close));
            running = server;
        }
        return server;
    }
}

package dev.outboxrelay.lab;

import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettingsReader;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.Endpoint;
import dev.outboxrelay.slot.SlotMonitor;
import dev.outboxrelay.source.DebeziumSource;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestPostgres;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** How long the same WAL takes when nobody does anything with what is read. */
final class Decoding {

    private static final long PATIENCE_MINUTES = 10;

    private Decoding() {}

    /** Seconds that {@code pg_recvlogical} needs for what a slot has not confirmed yet, up to a position. */
    static double received(Servers servers, String slot, String end) throws Exception {
        TestPostgres postgres = servers.postgres();
        ProcessBuilder builder = new ProcessBuilder(
                        postgresProgram("pg_recvlogical"),
                        "-h",
                        postgres.host(),
                        "-p",
                        Integer.toString(postgres.port()),
                        "-U",
                        TestPostgres.RELAY,
                        "-d",
                        TestPostgres.DATABASE,
                        "--slot",
                        slot,
                        "--start",
                        "--no-loop",
                        "-o",
                        "proto_version=1",
                        "-o",
                        "publication_names=outbox",
                        "--endpos",
                        end,
                        "-f",
                        "/dev/null")
                .inheritIO();
        builder.environment().put("PGPASSWORD", postgres.password(TestPostgres.RELAY));
        long begin = System.nanoTime();
        int exit = builder.start().waitFor();
        if (exit != 0) {
            throw new IllegalStateException("pg_recvlogical ended with " + exit);
        }
        return seconds(begin);
    }

    /** One of PostgreSQL's own programs, of version 15, which all later servers understand. */
    static String postgresProgram(String name) throws Exception {
        Process script = new ProcessBuilder(
                        Path.of(System.getProperty("basedir"), "ops/postgres-bin")
                                .toString(),
                        "15")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String folder = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return folder.strip() + '/' + name;
    }

    /**
     * Seconds that the relay's own engine needs for so many rows of a tenant, from the first batch to the last of them.
     */
    static double read(Servers servers, String reader, String slot, String tenant, long rows) throws Exception {
        TestPostgres postgres = servers.postgres();
        Map<String, String> texts = RelayProcess.settings(
                postgres.jdbcUrl(),
                postgres.password(TestPostgres.RELAY),
                servers.nats().url());
        texts.put("outbox.postgres.slot", slot);
        texts.put("outbox.source.reader", reader);
        Counter counter = new Counter(tenant, rows);
        Settings settings = settings(texts);
        Endpoint endpoint = new Endpoint(postgres.host(), postgres.port(), TestPostgres.DATABASE, Map.of());
        DebeziumSource source = new DebeziumSource(
                settings,
                endpoint,
                new Database(settings.postgres()).login(endpoint),
                SlotMonitor.MESSAGE_PREFIX,
                counter);
        source.start();
        try {
            return counter.done.get(PATIENCE_MINUTES, TimeUnit.MINUTES);
        } finally {
            source.stop();
        }
    }

    /** The settings that these texts make. */
    static Settings settings(Map<String, String> texts) {
        Map<String, RawValue> raw = new TreeMap<>();
        texts.forEach((key, value) -> raw.put(key, new RawValue(value, "bench")));
        Reading reading = SettingsReader.read(raw);
        if (reading instanceof Reading.Complete complete) {
            return complete.settings();
        }
        throw new IllegalStateException(reading.toString());
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    /** Counts a tenant's rows and confirms nothing. */
    private static final class Counter implements DebeziumSource.Handler {
        private final String tenant;
        private final long rows;
        private final CompletableFuture<Double> done = new CompletableFuture<>();
        private long begin;
        private long seen;

        Counter(String tenant, long rows) {
            this.tenant = tenant;
            this.rows = rows;
        }

        @Override
        public Lsn owned() {
            // with the first batch: it comes at most a poll interval after the engine began to read
            begin = System.nanoTime();
            return Lsn.NONE;
        }

        @Override
        public void changes(List<Change> changes) {
            for (Change change : changes) {
                if (change instanceof Change.Inserted row && isOf(row) && ++seen == rows) {
                    done.complete(seconds(begin));
                }
            }
        }

        private boolean isOf(Change.Inserted row) {
            return tenant.equals(row.columns().get("tenant_id"));
        }

        @Override
        public Lsn confirmable() {
            return Lsn.NONE;
        }

        @Override
        public void stopped(Optional<Throwable> error) {
            done.completeExceptionally(error.orElseGet(() -> new IllegalStateException("the engine ended")));
        }
    }
}

package dev.outboxrelay.lab;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestPostgres;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The settle modes beside each other: what they write and leave behind while rows come steadily, how fast a backlog
 * goes, and both again for marks where the outbox is partitioned. One run, the same servers.
 */
@Command(
        name = "settle",
        showDefaultValues = true,
        description = "Settle modes keep, mark and delete: WAL, size of table and indexes, rate.")
final class SettleBench implements Callable<Integer> {

    private static final int TENANTS = 50;
    private static final int BYTES = 500;
    private static final int TRANSACTION = 20;
    private static final Duration PATIENCE = Duration.ofMinutes(20);
    private static final List<String> MODES = List.of("keep", "mark", "delete");

    @Option(names = "--rows", defaultValue = "1000000", description = "That come steadily, for each mode.")
    private int rows;

    @Option(names = "--rate", defaultValue = "8000", description = "Rows a second.")
    private int rate;

    @Option(names = "--backlog", defaultValue = "200000", description = "Rows of each backlog; 0 for none.")
    private int backlog;

    @Option(names = "--rounds", defaultValue = "3", description = "Backlogs for each mode.")
    private int rounds;

    @Option(
            names = "--partitions",
            split = ",",
            defaultValue = "8,32",
            description = "So many partitions with rows beside the one that is written.")
    private List<Integer> partitions = List.of();

    private final Map<String, List<Double>> rates = new LinkedHashMap<>();

    @Override
    public Integer call() throws Exception {
        try (Servers servers = Servers.start()) {
            servers.postgres().execute(Files.readString(Repository.root().resolve("schema/optional/grant-delete.sql")));
            System.out.println(Machine.describe(servers));
            System.out.printf(
                    Locale.ROOT,
                    "%,d rows of %d bytes for %d tenants, %d a transaction, %,d a second, autovacuum as the schema sets it%n%n",
                    rows,
                    BYTES,
                    TENANTS,
                    TRANSACTION,
                    rate);
            System.out.printf(
                    Locale.ROOT,
                    "%-26s %10s %10s %10s %8s %12s %12s %12s%n",
                    "",
                    "WAL, bytes",
                    "table, MB",
                    "index, MB",
                    "HOT",
                    "after VACUUM",
                    "purge, WAL",
                    "settled");
            for (String mode : MODES) {
                steady(servers, mode, mode);
            }
            for (int round = 0; round < rounds && backlog > 0; round++) {
                for (int i = 0; i < MODES.size(); i++) {
                    String mode = MODES.get((i + round) % MODES.size());
                    drain(servers, mode, mode);
                }
            }
            for (int filled : partitions) {
                String title = "mark, " + filled + " partitions";
                partition(servers, filled);
                steady(servers, "mark", title);
                for (int round = 0; round < rounds && backlog > 0; round++) {
                    drain(servers, "mark", title);
                }
            }
            report();
            return 0;
        }
    }

    /** Rows come while the relay runs. */
    private void steady(Servers servers, String mode, String title) throws Exception {
        clear(servers);
        String from = servers.value("SELECT pg_current_wal_lsn()");
        double writing;
        double settled;
        try (RelayProcess relay = servers.relay("-Xmx256m", Map.of("outbox.settle.mode", mode))) {
            relay.awaitReady();
            long begin = System.nanoTime();
            CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> write(servers.postgres()));
            writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            writing = seconds(begin);
            double unused = Published.await(relay, rows, PATIENCE);
            Await.until("every row is settled", PATIENCE, () -> isSettled(servers, mode));
            settled = seconds(begin);
            relay.terminate(Duration.ofSeconds(30));
        } finally {
            TenantStreams.of(servers).deleteAll();
        }
        double wal = bytesSince(servers, from);
        double table = megabytes(servers, "pg_table_size");
        double index = megabytes(servers, "pg_indexes_size");
        String hot = servers.value("SELECT coalesce(round(100.0 * sum(n_tup_hot_upd) / nullif(sum(n_tup_upd), 0))"
                + " || ' %', '-') FROM pg_stat_user_tables WHERE relid IN (SELECT oid FROM pg_class WHERE relnamespace ="
                + " 'outbox'::regnamespace AND relname LIKE 'message%')");
        servers.postgres().execute("VACUUM outbox.message");
        double vacuumed = megabytes(servers, "pg_table_size") + megabytes(servers, "pg_indexes_size");
        System.out.printf(
                Locale.ROOT,
                "%-26s %,10.0f %10.0f %10.0f %8s %9.0f MB %12s %+9.1f s%n",
                title,
                wal / rows,
                table,
                index,
                hot,
                vacuumed,
                title.equals("mark") ? purge(servers) : "-",
                settled - writing);
    }

    /** What it costs to get rid of marked rows afterwards, which deleting does at once. */
    private String purge(Servers servers) throws SQLException {
        String from = servers.value("SELECT pg_current_wal_lsn()");
        while (!servers.value("SELECT outbox.purge('0 seconds')").equals("0")) {
            Thread.onSpinWait();
        }
        return String.format(Locale.ROOT, "%,.0f bytes", bytesSince(servers, from) / rows);
    }

    private void write(TestPostgres postgres) {
        try {
            postgres.execute("DO $$ DECLARE begun timestamptz := clock_timestamp(); BEGIN FOR i IN 0.."
                    + (rows / TRANSACTION - 1)
                    + " LOOP INSERT INTO outbox.message (tenant_id, subject, payload)"
                    + " SELECT 'tenant-' || (g % " + TENANTS + "), 'events.bench.row', decode(rpad(md5(g::text), "
                    + 2 * BYTES
                    + ", md5((g * 7)::text)), 'hex') FROM generate_series(i * " + TRANSACTION + ", i * " + TRANSACTION
                    + " + "
                    + (TRANSACTION - 1) + ") g; COMMIT;"
                    + " PERFORM pg_sleep(greatest(0, i * " + TRANSACTION + " / " + rate
                    + ".0 - extract(epoch FROM clock_timestamp() - begun)::float8)); END LOOP; END $$");
        } catch (SQLException e) {
            throw new CompletionException(e);
        }
    }

    private void drain(Servers servers, String mode, String title) throws Exception {
        clear(servers);
        Backlog.refill(servers, new Load(backlog, BYTES, TENANTS));
        Measured measured = new RelayContender(mode).drain(servers, new Load(backlog, BYTES, TENANTS));
        if (!measured.wrong().isEmpty()) {
            throw new IllegalStateException(title + ": " + measured.wrong());
        }
        rates.computeIfAbsent(title, unused -> new ArrayList<>()).add(measured.rate());
    }

    /** Empties the partition that is written, and leaves the others as they are. */
    private static void clear(Servers servers) throws Exception {
        servers.postgres()
                .execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                        + " WHERE slot_name = 'outbox_relay'");
        String partition = servers.value("SELECT coalesce((SELECT partition::text FROM outbox.partitions()"
                + " WHERE since <= now() AND until > now()), 'outbox.message')");
        servers.postgres().execute("TRUNCATE " + partition);
        servers.postgres().execute("SELECT pg_stat_reset()");
        servers.postgres().execute("CHECKPOINT");
        servers.postgres().execute("SELECT pg_create_logical_replication_slot('outbox_relay', 'pgoutput')");
    }

    /** Makes the outbox a partitioned one with so many days that hold published rows. */
    private void partition(Servers servers, int filled) throws Exception {
        clear(servers);
        servers.postgres().execute("SELECT pg_drop_replication_slot('outbox_relay')");
        servers.postgres().execute(Files.readString(Repository.root().resolve("schema/optional/partitioned.sql")));
        int have = Integer.parseInt(servers.value("SELECT count(*) FROM outbox.partitions() WHERE until < now()"));
        for (int day = have + 1; day <= filled; day++) {
            String midnight =
                    "date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '" + day + " days'";
            servers.postgres()
                    .execute("DO $$ BEGIN EXECUTE format('CREATE TABLE outbox.message_day_" + day
                            + " PARTITION OF outbox.message FOR VALUES FROM (%L) TO (%L)', " + midnight + ", "
                            + midnight
                            + " + interval '1 day'); END $$");
            servers.postgres()
                    .execute(
                            "INSERT INTO outbox.message (tenant_id, subject, payload, status, created_at, published_at)"
                                    + " SELECT 'tenant-1', 'events.bench.row', decode(rpad(md5(g::text), " + 2 * BYTES
                                    + "), 'hex'), 'published', "
                                    + midnight + " + g * interval '1 ms', now() FROM generate_series(1, 50000) g");
        }
        servers.postgres().execute("VACUUM (ANALYZE, FREEZE) outbox.message");
        servers.postgres().execute("SELECT pg_create_logical_replication_slot('outbox_relay', 'pgoutput')");
    }

    private void report() {
        List<Double> base = rates.get("keep");
        if (base == null) {
            return;
        }
        System.out.printf(Locale.ROOT, "%na backlog of %,d rows, %d rounds by turns%n", backlog, rounds);
        double keep = Spread.of(base).median();
        rates.forEach((title, all) -> System.out.printf(
                Locale.ROOT,
                "%-26s %26s events/s, %.2f of keep%n",
                title,
                Spread.of(all).text("%,.0f"),
                Spread.of(all).median() / keep));
    }

    private static boolean isSettled(Servers servers, String mode) throws SQLException {
        return switch (mode) {
            case "mark" ->
                servers.value("SELECT count(*) FROM outbox.message WHERE status = 'pending'")
                        .equals("0");
            case "delete" ->
                servers.value("SELECT count(*) FROM outbox.message").equals("0");
            default -> true;
        };
    }

    /** Of the partition that is written, or of the whole table. */
    private static double megabytes(Servers servers, String function) throws SQLException {
        return Double.parseDouble(servers.value("SELECT " + function + "(coalesce((SELECT partition FROM"
                        + " outbox.partitions() WHERE since <= now() AND until > now()), 'outbox.message'::regclass))"))
                / (1 << 20);
    }

    private static double bytesSince(Servers servers, String lsn) throws SQLException {
        return Double.parseDouble(servers.value("SELECT pg_current_wal_lsn() - '" + lsn + "'"));
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
    }
}

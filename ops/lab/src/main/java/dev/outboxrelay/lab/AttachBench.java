package dev.outboxrelay.lab;

import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.TestPostgres;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What {@code outbox.attach} costs an application: pgbench's own transactions on a table that is not attached, attached
 * by rows and attached by statements, by turns; then UPDATEs of many rows. Nobody reads the slot meanwhile.
 */
@Command(
        name = "attach",
        showDefaultValues = true,
        description = "pgbench and bulk updates on a table without capture, captured by rows and by statements.")
final class AttachBench implements Callable<Integer> {

    private static final Pattern TPS = Pattern.compile("tps = ([0-9.]+)");
    private static final Pattern LATENCY = Pattern.compile("latency average = ([0-9.]+) ms");

    /** How the table is captured. */
    private enum Level {
        NONE("not attached", ""),
        ROW("attached, level row", "row"),
        STATEMENT("attached, level statement", "statement");

        private final String title;
        private final String argument;

        Level(String title, String argument) {
            this.title = title;
            this.argument = argument;
        }
    }

    @Option(names = "--seconds", defaultValue = "20", description = "Of each pgbench.")
    private int seconds;

    @Option(names = "--clients", defaultValue = "4")
    private int clients;

    @Option(names = "--scale", defaultValue = "5", description = "pgbench's own: 100,000 accounts each.")
    private int scale;

    @Option(names = "--rounds", defaultValue = "3")
    private int rounds;

    @Option(names = "--rows", defaultValue = "100000", description = "Of each bulk update.")
    private int rows;

    private final Map<Level, List<Double>> tps = new EnumMap<>(Level.class);
    private final Map<Level, List<Double>> latency = new EnumMap<>(Level.class);
    private final Map<Level, List<Double>> bulk = new EnumMap<>(Level.class);
    private final Map<Level, List<Double>> wal = new EnumMap<>(Level.class);

    @Override
    public Integer call() throws Exception {
        PostgresOptions options = PostgresOptions.defaults()
                .flushedToDisk()
                .with("max_wal_size", "8GB")
                .with("shared_buffers", "256MB");
        try (TestPostgres postgres = TestPostgres.start(options);
                Connection connection = postgres.superuser()) {
            postgres.installSchema();
            value(connection, "SELECT pg_drop_replication_slot('outbox_relay')"); // or WAL heaps up
            execute(connection, "ALTER ROLE postgres SET search_path = public");
            // its own tables, made by the application's role, which has no right on the outbox
            execute(connection, "CREATE ROLE shop LOGIN PASSWORD 'only for this benchmark'");
            execute(connection, "GRANT CREATE ON SCHEMA public TO shop");
            pgbench(postgres, "-i", "-q", "-s", Integer.toString(scale));
            System.out.printf(
                    Locale.ROOT,
                    "%d processors, PostgreSQL %s with fsync=on; %d rounds by turns; pgbench: simple update (-N), scale %d,"
                            + " %d clients, %d s each; bulk: UPDATE of %,d rows%n",
                    Runtime.getRuntime().availableProcessors(),
                    value(connection, "SHOW server_version"),
                    rounds,
                    scale,
                    clients,
                    seconds,
                    rows);
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < Level.values().length; i++) {
                    turn(postgres, connection, Level.values()[(i + round) % Level.values().length]);
                }
            }
            return report(connection);
        }
    }

    private void turn(TestPostgres postgres, Connection connection, Level level) throws Exception {
        execute(connection, "TRUNCATE outbox.message");
        if (level != Level.NONE) {
            execute(
                    connection,
                    "SELECT outbox.attach('pgbench_accounts', tenant => 'constant:acme', subject => 'accounts.{op}', level => '"
                            + level.argument + "')");
        }
        execute(connection, "VACUUM (ANALYZE) pgbench_accounts");
        execute(connection, "CHECKPOINT");
        String said = pgbench(
                postgres, "-N", "-n", "-M", "prepared", "-c", "" + clients, "-j", "" + clients, "-T", "" + seconds);
        double rate = figure(TPS, said);
        add(tps, level, rate);
        add(latency, level, figure(LATENCY, said));

        execute(connection, "VACUUM pgbench_accounts");
        execute(connection, "CHECKPOINT");
        String from = value(connection, "SELECT pg_current_wal_lsn()");
        long begin = System.nanoTime();
        execute(connection, "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid <= " + rows);
        double micros = (System.nanoTime() - begin) / 1_000.0 / rows;
        add(bulk, level, micros);
        add(wal, level, Double.parseDouble(value(connection, "SELECT pg_current_wal_lsn() - '" + from + "'")) / rows);
        if (level != Level.NONE) {
            execute(connection, "SELECT outbox.detach('pgbench_accounts')");
        }
        System.out.printf(Locale.ROOT, "  %-28s %,8.0f tps, %6.1f µs a row in bulk%n", level.title, rate, micros);
    }

    private int report(Connection connection) throws SQLException {
        System.out.printf(
                Locale.ROOT,
                "%n%-28s %22s %8s %20s %24s %8s %14s%n",
                "median (lowest–highest)",
                "pgbench tps",
                "ratio",
                "latency, ms",
                "bulk update, µs a row",
                "ratio",
                "WAL, bytes a row");
        Spread tpsWithout = spread(tps, Level.NONE);
        Spread bulkWithout = spread(bulk, Level.NONE);
        for (Level level : Level.values()) {
            System.out.printf(
                    Locale.ROOT,
                    "%-28s %22s %8.2f %20s %24s %8.2f %14.0f%n",
                    level.title,
                    spread(tps, level).text("%,.0f"),
                    spread(tps, level).median() / tpsWithout.median(),
                    spread(latency, level).text("%.2f"),
                    spread(bulk, level).text("%.1f"),
                    spread(bulk, level).median() / bulkWithout.median(),
                    spread(wal, level).median());
        }
        System.out.printf(
                Locale.ROOT,
                "capture of a row in bulk: %.1f µs by rows, %.1f µs by statements (%.1f times less)%n",
                spread(bulk, Level.ROW).median() - bulkWithout.median(),
                spread(bulk, Level.STATEMENT).median() - bulkWithout.median(),
                (spread(bulk, Level.ROW).median() - bulkWithout.median())
                        / (spread(bulk, Level.STATEMENT).median() - bulkWithout.median()));
        // the last turn of the last round was captured, unless nothing was
        return Long.parseLong(value(connection, "SELECT count(*) FROM outbox.attached")) == 0 ? 0 : 1;
    }

    private static Spread spread(Map<Level, List<Double>> figures, Level level) {
        return Spread.of(figures.getOrDefault(level, List.of()));
    }

    private static void add(Map<Level, List<Double>> figures, Level level, double figure) {
        figures.computeIfAbsent(level, unused -> new ArrayList<>()).add(figure);
    }

    private static double figure(Pattern pattern, String said) {
        Matcher matcher = pattern.matcher(said);
        if (!matcher.find()) {
            throw new IllegalStateException("pgbench said:\n" + said);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static String pgbench(TestPostgres postgres, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Decoding.postgresProgram("pgbench"),
                "-h",
                postgres.host(),
                "-p",
                Integer.toString(postgres.port()),
                "-U",
                "shop"));
        command.addAll(List.of(arguments));
        command.add(TestPostgres.DATABASE);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", "only for this benchmark");
        Process process = builder.start();
        StringBuilder said = new StringBuilder();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (@Nullable String line = reader.readLine(); line != null; line = reader.readLine()) {
                said.append(line).append('\n');
            }
        }
        if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
            throw new IllegalStateException("pgbench failed:\n" + said);
        }
        return said.toString();
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            boolean unused = statement.execute(sql);
        }
    }

    private static String value(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }
}

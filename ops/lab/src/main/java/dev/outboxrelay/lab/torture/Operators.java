package dev.outboxrelay.lab.torture;

import dev.outboxrelay.testing.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Operators at work while everything breaks: they run {@code outbox-relay dlq replay} and {@code dlq discard}, now and
 * then two of them at the same moment with the same letters. What became of a command that lost its connection nobody
 * knows; the letters themselves tell.
 */
final class Operators implements AutoCloseable {

    private static final Pattern HANDED_OVER = Pattern.compile("\"handed_over\":\\s*(\\d+)");
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration SETTLED = Duration.ofMinutes(3);
    private static final int MOST = 400;
    private static final int LAST_ROUNDS = 4;
    private static final long PAUSE_MILLIS = 1_500;

    /** A letter as an operator sees it. */
    private record Letter(long seq, String id, String tenant, String reason, boolean poison) {}

    private final TestPostgres postgres;
    private final Path folder;
    private final Random random;
    private final Thread thread;
    private final AtomicReference<@Nullable Throwable> bug = new AtomicReference<>();
    private final Map<String, Integer> named = new HashMap<>();
    private final List<List<Letter>> complete = new ArrayList<>();
    private volatile boolean over;
    private int logs;

    /** Tenants whose letters are left alone for a while. */
    final Gate gate = new Gate();

    final AtomicLong commands = new AtomicLong();
    final AtomicLong handedOver = new AtomicLong();
    final AtomicLong discards = new AtomicLong();
    final AtomicLong contended = new AtomicLong();
    final AtomicLong failed = new AtomicLong();

    /** @param folder takes what the commands said */
    Operators(TestPostgres postgres, Path folder, long seed) {
        this.postgres = postgres;
        this.folder = folder;
        this.random = new Random(seed ^ 0x09e7);
        this.thread = new Thread(this::work, "operators");
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler((unused, e) -> bug.compareAndSet(null, e));
    }

    void start() {
        thread.start();
    }

    private void work() {
        while (!over) {
            try {
                gate.enter();
                try {
                    round();
                } finally {
                    gate.leave();
                }
            } catch (SQLException e) {
                failed.incrementAndGet(); // the server is away
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            } catch (InterruptedException e) {
                return;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void round() throws SQLException, IOException, InterruptedException {
        List<Letter> all = dead(letter -> !gate.isClosed(letter.tenant()));
        if (all.isEmpty()) {
            return;
        }
        if (random.nextInt(5) == 0) {
            run(discard(some(all, 3), "dead"));
            return;
        }
        List<Mending> ways = all.stream()
                .flatMap(letter -> Mending.of(letter.reason()).stream())
                .distinct()
                .toList();
        if (ways.isEmpty()) {
            return;
        }
        Mending way = ways.get(random.nextInt(ways.size()));
        List<Letter> letters = some(
                all.stream()
                        .filter(letter -> Mending.of(letter.reason()).stream().anyMatch(way::equals))
                        .toList(),
                60);
        switch (random.nextInt(6)) {
            case 0 -> run(replay(letters, way), replay(letters, way));
            case 1 -> run(replay(letters, way), discard(letters.subList(0, 1), "dead,replaying"));
            default -> run(replay(letters, way));
        }
    }

    private List<Letter> some(List<Letter> all, int most) {
        List<Letter> some = new ArrayList<>(all);
        Collections.shuffle(some, random);
        return List.copyOf(some.subList(0, Math.min(some.size(), random.nextInt(1, most + 1))));
    }

    /**
     * After everything is whole again: has everything sent that can be, and waits until it is. Letters of events that
     * break no rule are all sent, so none may be left.
     */
    void finish() throws InterruptedException, SQLException, IOException {
        stop();
        for (int i = 0; i < LAST_ROUNDS; i++) {
            awaitNothingOpen();
            Map<Mending, List<Letter>> left = new HashMap<>();
            for (Letter letter : dead(Operators::canBeSent)) {
                Mending.of(letter.reason())
                        .ifPresent(way -> left.computeIfAbsent(way, unused -> new ArrayList<>())
                                .add(letter));
            }
            if (left.isEmpty()) {
                return;
            }
            for (Map.Entry<Mending, List<Letter>> way : left.entrySet()) {
                run(replay(way.getValue(), way.getKey()));
            }
        }
        awaitNothingOpen();
    }

    /** All but what a stream refuses for ever. */
    private static boolean canBeSent(Letter letter) {
        return !letter.poison() || !letter.reason().equals("stream_rejected");
    }

    private void awaitNothingOpen() throws InterruptedException, SQLException {
        long deadline = System.nanoTime() + SETTLED.toNanos();
        while (System.nanoTime() < deadline) {
            if (count("SELECT count(*) FROM outbox.dead_letter WHERE state IN ('parked', 'replaying') OR mark_due")
                    == 0) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
        throw new Stage.Stalled(
                "letters are still parked, being replayed or not marked after " + SETTLED.toMinutes() + " minutes",
                new IllegalStateException("with all servers and relays there"));
    }

    /** Ends what is being done; throws when something unexpected ended it before. */
    void stop() throws InterruptedException {
        over = true;
        thread.join(2 * PATIENCE.toMillis());
        Throwable unexpected = bug.get();
        if (unexpected != null) {
            throw new IllegalStateException("the operators ended by themselves", unexpected);
        }
    }

    /** A command that is about to be run. */
    private record Command(List<Letter> letters, boolean replays, List<String> arguments) {}

    private static Command replay(List<Letter> letters, Mending way) {
        return command(letters, true, "replay", way.arguments());
    }

    private static Command discard(List<Letter> letters, String states) {
        return command(letters, false, "discard", List.of("--state", states));
    }

    private static Command command(List<Letter> letters, boolean replays, String name, List<String> options) {
        List<String> arguments = new ArrayList<>(List.of("dlq", name, "--json"));
        arguments.addAll(options);
        letters.forEach(letter -> arguments.add(Long.toString(letter.seq())));
        return new Command(letters, replays, arguments);
    }

    /** Runs them at the same time. */
    private void run(Command... some) throws IOException, InterruptedException {
        List<Process> processes = new ArrayList<>();
        List<Path> said = new ArrayList<>();
        for (Command command : some) {
            Path log = folder.resolve("operator-" + logs++ + ".log");
            said.add(log);
            processes.add(start(command, log));
        }
        for (int i = 0; i < some.length; i++) {
            Process process = processes.get(i);
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
        contended.addAndGet(some.length - 1L);
        for (int i = 0; i < some.length; i++) {
            account(some[i], processes.get(i).exitValue(), Files.readString(said.get(i)), some.length == 1);
        }
    }

    private synchronized void account(Command command, int exit, String said, boolean alone) {
        commands.incrementAndGet();
        if (exit != 0) {
            failed.incrementAndGet();
        }
        if (!command.replays()) {
            discards.addAndGet(exit == 0 ? command.letters().size() : 0);
        }
        command.letters().forEach(letter -> named.merge(letter.id(), 1, Integer::sum));
        Matcher count = HANDED_OVER.matcher(said);
        if (!command.replays() || !count.find()) {
            return;
        }
        int changed = Integer.parseInt(count.group(1));
        handedOver.addAndGet(changed);
        if (alone && changed == command.letters().size()) {
            complete.add(command.letters());
        }
    }

    private Process start(Command command, Path log) throws IOException {
        Path script = Path.of(System.getProperty("dist.directory", "target/outbox-relay"), "bin", "outbox-relay");
        List<String> line = new ArrayList<>(List.of(script.toAbsolutePath().toString()));
        line.addAll(command.arguments());
        ProcessBuilder builder =
                new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile());
        Files.writeString(log, "", StandardCharsets.UTF_8);
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("OUTBOX_") || name.equals("JAVA_OPTS"));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("OUTBOX_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -Xmx64m");
        environment.put("OUTBOX_POSTGRES_URL", postgres.jdbcUrl());
        environment.put("OUTBOX_POSTGRES_USER", TestPostgres.OPERATOR);
        environment.put("OUTBOX_POSTGRES_PASSWORD", postgres.password(TestPostgres.OPERATOR));
        return builder.start();
    }

    /**
     * The event ids of one tenant that single commands handed over, each in the order of arrival. Without those that
     * another command named as well: who is dead again meanwhile goes with the later one.
     */
    synchronized List<List<String>> commands(String tenant) {
        return complete.stream()
                .map(letters -> letters.stream()
                        .filter(letter -> letter.tenant().equals(tenant) && named.getOrDefault(letter.id(), 0) == 1)
                        .sorted(java.util.Comparator.comparingLong(Letter::seq))
                        .map(Letter::id)
                        .toList())
                .filter(ids -> ids.size() > 1)
                .toList();
    }

    /**
     * How many letters of a tenant are parked or being replayed.
     *
     * @param among when not empty, only of these events, and those as well that were discarded: perhaps they had been
     *     sent, which the relay sees when it looks
     */
    long open(String tenant, List<String> among) throws SQLException {
        String sql = "SELECT count(*) FROM outbox.dead_letter WHERE slot = '" + Run.SLOT + "' AND tenant_id = ?"
                + (among.isEmpty()
                        ? " AND state IN ('parked', 'replaying')"
                        : " AND state IN ('parked', 'replaying', 'discarded') AND event_id = ANY (?)");
        try (Connection connection = postgres.connect(TestPostgres.OPERATOR);
                PreparedStatement look = connection.prepareStatement(sql)) {
            look.setString(1, tenant);
            if (!among.isEmpty()) {
                look.setArray(2, connection.createArrayOf("text", among.toArray()));
            }
            try (ResultSet row = look.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private long count(String sql) throws SQLException {
        try (Connection connection = postgres.connect(TestPostgres.OPERATOR);
                PreparedStatement look = connection.prepareStatement(sql);
                ResultSet row = look.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private List<Letter> dead(Predicate<Letter> wanted) throws SQLException {
        List<Letter> letters = new ArrayList<>();
        try (Connection connection = postgres.connect(TestPostgres.OPERATOR);
                PreparedStatement look = connection.prepareStatement(
                        "SELECT d.seq, d.event_id, d.tenant_id, d.reason, e.reason IS NOT NULL FROM outbox.dead_letter d"
                                + " JOIN lab.event e ON e.id = d.event_id WHERE d.state = 'dead' ORDER BY d.seq");
                ResultSet rows = look.executeQuery()) {
            while (rows.next() && letters.size() < MOST) {
                Letter letter = new Letter(
                        rows.getLong(1),
                        rows.getString(2),
                        String.valueOf(rows.getString(3)),
                        String.valueOf(rows.getString(4)),
                        rows.getBoolean(5));
                if (wanted.test(letter)) {
                    letters.add(letter);
                }
            }
        }
        return letters;
    }

    @Override
    public void close() {
        over = true;
        thread.interrupt();
    }
}

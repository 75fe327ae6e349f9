package dev.outboxrelay.settle;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.Poison;
import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.config.Secret;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.path.SharedPostgres;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestPostgres;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An installed outbox in a database of its own, led by this test, and what works on its table of dead letters under the
 * relay's role. One thread.
 */
public final class LetterTable implements AutoCloseable {

    public static final String SLOT = "any";
    static final Map<TableName, TableMapping> MARK = settled(TableName.OUTBOX_MESSAGE, SettleMode.MARK);

    /** Makes a statement wait in the middle of its transaction until the test lets it go on. */
    private static final String BARRIER = """
            CREATE FUNCTION public.barrier() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
            """;

    private final TestPostgres postgres = SharedPostgres.get();
    private final String name;
    private final List<AutoCloseable> open = new ArrayList<>();

    /** A password of a role of the schema. */
    public String password(String role) {
        return postgres.password(role);
    }

    /** What ended a worker, if anything did. */
    final CompletableFuture<String> ended = new CompletableFuture<>();

    /** Every tenant that a backlog said was due, as often as it was said. */
    final ConcurrentLinkedQueue<String> due = new ConcurrentLinkedQueue<>();

    private LetterTable(String name) {
        this.name = name;
    }

    public static LetterTable create(String name) throws SQLException {
        LetterTable table = new LetterTable(name);
        table.postgres.createInstalled(name);
        table.execute("INSERT INTO outbox.leader (slot, term, instance) VALUES ('" + SLOT + "', 1, 'this test')");
        table.execute(BARRIER);
        return table;
    }

    public String url() {
        return postgres.jdbcUrl(name);
    }

    public Database database() {
        return database(url());
    }

    Database database(String url) {
        return new Database(new PostgresSettings(
                url, TestPostgres.RELAY, new Secret(postgres.password(TestPostgres.RELAY)), SLOT, "outbox", 1L << 30));
    }

    TermGuard guard() throws SQLException {
        try (Connection connection = superuser()) {
            return new TermGuard(SLOT, 1, ServerIdentity.read(connection));
        }
    }

    ParkWriter parkWriter(Database database) throws SQLException {
        ParkWriter writer = new ParkWriter(
                database, guard(), () -> ended.complete("fenced"), bug -> ended.complete("broken: " + bug));
        open.add(writer);
        writer.start();
        return writer;
    }

    /** One table in the native layout. */
    static Map<TableName, TableMapping> settled(TableName table, SettleMode mode) {
        return Map.of(table, TableMapping.nativeLayout(table, mode));
    }

    public Backlog backlog() throws SQLException, DatabaseException {
        return backlog(database(), MARK, Poison.SKIP);
    }

    Backlog backlog(Database database, Map<TableName, TableMapping> tables, Poison poison)
            throws SQLException, DatabaseException {
        Backlog backlog = Backlog.open(
                database,
                guard(),
                tables,
                Naming.STRICT,
                tenant -> poison,
                () -> ended.complete("fenced"),
                bug -> ended.complete("broken: " + bug));
        open.add(backlog);
        backlog.start(due::addAll);
        return backlog;
    }

    /** Events whose rows are in the outbox. */
    public List<OutboxEvent> insert(String tenant, int events) throws SQLException {
        List<OutboxEvent> inserted = new ArrayList<>();
        try (Connection writer = as(TestPostgres.WRITER);
                PreparedStatement insert = writer.prepareStatement(
                        "INSERT INTO outbox.message (id, tenant_id, subject, payload) VALUES (?::uuid, ?, ?, ?)")) {
            writer.setAutoCommit(false);
            for (int i = 0; i < events; i++) {
                OutboxEvent event =
                        event(tenant, UUID.randomUUID().toString(), null, "payload".getBytes(StandardCharsets.UTF_8));
                insert.setString(1, event.row().id());
                insert.setString(2, tenant);
                insert.setString(3, event.subject());
                insert.setBytes(4, event.payload().bytes());
                insert.addBatch();
                inserted.add(event);
            }
            insert.executeBatch();
            writer.commit();
        }
        return inserted;
    }

    public static OutboxEvent event(String tenant, String id, @Nullable String headers, byte[] payload) {
        return new OutboxEvent(
                new EventId(id),
                new RowRef(TableName.OUTBOX_MESSAGE, id),
                tenant,
                "events.order.created",
                headers,
                Payload.of(payload),
                new Origin(
                        new Lsn(7),
                        new Lsn(5),
                        Instant.parse("2026-11-25T10:11:12Z").getEpochSecond() * 1_000_000 + 345_678));
    }

    /** Parks events and returns when they are in the table. */
    public void park(List<OutboxEvent> events) throws SQLException, InterruptedException {
        CountDownLatch done = new CountDownLatch(events.size());
        try (ParkWriter writer = parkWriter(database())) {
            writer.add(events.stream()
                    .map(event -> new Parking(event, "the stream is full", done::countDown))
                    .toList());
            if (!done.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("not parked in time; " + ended.getNow("nothing ended"));
            }
        }
    }

    public List<OutboxEvent> parked(String tenant, int events) throws SQLException, InterruptedException {
        List<OutboxEvent> parked = insert(tenant, events);
        park(parked);
        return parked;
    }

    /** Waits for the answer to a request. */
    public <T> T ask(Consumer<Consumer<T>> request) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        request.accept(answer::complete);
        return answer.orTimeout(30, TimeUnit.SECONDS).join();
    }

    public void resolve(Backlog backlog, List<BacklogRow> rows) {
        String unused = ask(answer -> backlog.resolve(rows, () -> answer.accept("done")));
    }

    public Fetched fetch(Backlog backlog, String tenant) {
        return ask(answer -> backlog.fetch(tenant, 1_000, 1L << 30, answer));
    }

    Reconciled reconcile(Backlog backlog, String tenant, Set<EventId> inStream, @Nullable EventId live) {
        return ask(answer -> backlog.reconcile(tenant, inStream, live, answer));
    }

    /** Every statement that changes this table waits until the connection that this returns is closed. */
    Connection barrier(String table, String event) throws SQLException {
        execute("CREATE OR REPLACE TRIGGER barrier AFTER " + event + " ON " + table
                + " FOR EACH STATEMENT EXECUTE FUNCTION public.barrier()");
        Connection lock = superuser();
        try (Statement statement = lock.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(4711)");
        }
        return lock;
    }

    /** Ends the backend of this purpose that waits at a barrier. */
    void killAtBarrier(String purpose) {
        Await.until(
                "a backend waits at the barrier",
                () -> texts("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name
                                + "' AND application_name = 'outbox-relay " + purpose
                                + "' AND wait_event_type = 'Lock'")
                        .equals(List.of("t")));
    }

    public Connection superuser() throws SQLException {
        return postgres.superuser(name);
    }

    public Connection as(String role) throws SQLException {
        return postgres.connect(name, role, postgres.password(role));
    }

    /** Runs SQL as the superuser. */
    public void execute(String sql) throws SQLException {
        postgres.execute(name, sql);
    }

    /** Runs SQL as an operator. */
    public int operate(String sql) throws SQLException {
        try (Connection operator = as(TestPostgres.OPERATOR);
                Statement statement = operator.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    /** The rows of a query, columns joined by a blank. */
    public List<String> texts(String sql) throws SQLException {
        try (Connection superuser = superuser();
                Statement statement = superuser.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            List<String> texts = new ArrayList<>();
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(String.valueOf(result.getString(i)));
                }
                texts.add(String.join(" ", row));
            }
            return texts;
        }
    }

    public String text(String sql) throws SQLException {
        return texts(sql).get(0);
    }

    /** State of the letter and status of the row of each event, such as {@code sent published}. */
    public List<String> states(List<OutboxEvent> events) throws SQLException {
        String ids = events.stream().map(event -> event.id().value()).collect(Collectors.joining(","));
        return texts("SELECT coalesce(d.state, 'none'), coalesce(m.status, 'gone') FROM unnest('{" + ids
                + "}'::text[]) WITH ORDINALITY AS e (id, n) LEFT JOIN outbox.dead_letter d ON d.event_id = e.id"
                + " LEFT JOIN outbox.message m ON m.id::text = e.id ORDER BY e.n");
    }

    public void awaitStates(List<OutboxEvent> events, String... expected) {
        Await.until("letters and rows are as they should be", Duration.ofSeconds(30), () -> {
            List<String> now = states(events);
            for (int i = 0; i < expected.length; i++) {
                if (!now.get(i).equals(expected[i])) {
                    throw new AssertionError("number " + i + " is " + now.get(i) + " instead of " + expected[i]);
                }
            }
            return true;
        });
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        postgres.execute("postgres", "DROP DATABASE " + name + " WITH (FORCE)");
    }
}

package dev.outboxrelay.settle;

import dev.outboxrelay.config.Marking;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.decode.Decoder;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.SettlingSessions;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.route.Router;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the rows that are still to be published from their tables into the table of dead letters, as parked events,
 * before anybody reads the slot.
 *
 * <p>All of them are those of one snapshot, a part at a time; what cannot be an event becomes a dead letter at once.
 * What is in the slot too is left to it, and what is committed later comes through it. A crash leaves parts behind, of
 * which none is taken again. The argument is in the ADR "parking". One thread.
 */
public final class PendingRows implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PendingRows.class);

    private static final int PART = 2_000;
    private static final long PART_BYTES = 8L << 20;
    /** The snapshot's session says nothing while the server looks for rows. */
    private static final int LONGEST_SILENCE_SECONDS = 3_600;

    private static final long TELL_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final String BEGIN = "INSERT INTO outbox.backlog AS b (slot, state, reason, system_identifier, held)"
            + " VALUES (?, 'taking', ?, ?, ?::pg_catalog.pg_lsn) ON CONFLICT (slot) DO UPDATE SET state = 'taking',"
            + " reason = EXCLUDED.reason, system_identifier = EXCLUDED.system_identifier, held = EXCLUDED.held,"
            + " taken = CASE b.state WHEN 'taking' THEN b.taken ELSE 0 END,"
            + " found = CASE b.state WHEN 'taking' THEN b.found ELSE 0 END,"
            + " since = CASE b.state WHEN 'taking' THEN b.since ELSE pg_catalog.now() END, finished_at = NULL";

    private static final String COUNT =
            "UPDATE outbox.backlog SET taken = taken + ?, found = found + ? WHERE slot = ? AND state = 'taking'";

    private static final String FINISH = "UPDATE outbox.backlog SET state = 'done', finished_at = pg_catalog.now()"
            + " WHERE slot = ? AND state = 'taking'";

    private static final String SLOT = "SELECT pg_catalog.pg_current_wal_lsn()::text, EXISTS (SELECT"
            + " FROM pg_catalog.pg_replication_slots WHERE slot_name = ? AND confirmed_flush_lsn IS NOT NULL)";

    /**
     * Who writes into a table or a partition of it at this moment; a lock is held until others can see what was done.
     */
    private static final String WRITERS = "SELECT DISTINCT l.virtualtransaction FROM pg_catalog.pg_locks l"
            + " WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d"
            + " WHERE d.datname = pg_catalog.current_database()) AND l.mode IN ('RowExclusiveLock',"
            + " 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
            + " AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() AND (l.relation = ?::pg_catalog.regclass"
            + " OR l.relation IN (SELECT t.relid FROM pg_catalog.pg_partition_tree(?::pg_catalog.regclass) t))";

    private static final String INSERT = "INSERT INTO outbox.dead_letter (slot, kind, source, event_id, tenant_id,"
            + " subject, payload, headers, committed_at, error, state, from_table)"
            + " SELECT ?, 'event', ?, e.event_id, e.tenant_id, e.subject, e.payload, e.headers::pg_catalog.jsonb,"
            + " timestamptz 'epoch' + e.micros * interval '1 microsecond', 'pending in its table and not in the slot',"
            + " 'parked', true FROM ROWS FROM (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[]),"
            + " pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::bytea[]), pg_catalog.unnest(?::text[]),"
            + " pg_catalog.unnest(?::bigint[])) WITH ORDINALITY AS e (event_id, tenant_id, subject, payload, headers,"
            + " micros, n) ORDER BY e.n ON CONFLICT (slot, source, event_id, kind) DO NOTHING";

    private static final String MARK_DUE = "UPDATE outbox.dead_letter SET mark_due = true WHERE slot = ? AND source = ?"
            + " AND kind = 'event' AND state = 'dead' AND event_id = ANY (?)";

    /** What other slots of this relay know of these events, and whether there still is such a slot. */
    private static final String ELSEWHERE = "SELECT d.event_id, d.seq, d.state, EXISTS (SELECT"
            + " FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = l.slot) FROM outbox.leader l,"
            + " pg_catalog.unnest(?::text[]) AS e (event_id), LATERAL (SELECT x.event_id, x.seq, x.state"
            + " FROM outbox.dead_letter x WHERE x.slot = l.slot AND x.source = ? AND x.event_id = e.event_id"
            + " AND x.kind = 'event' OFFSET 0) d WHERE l.slot <> ?";

    private static final String TAKE_OVER = "UPDATE outbox.dead_letter SET state = 'discarded', error = ?,"
            + " resolved_at = pg_catalog.now() WHERE seq = ANY (?) AND state IN ('parked', 'replaying')";

    private static final String TENANTS = "SELECT tenant_id, pg_catalog.count(*),"
            + " CASE WHEN pg_catalog.bool_and(committed_at IS NOT NULL) THEN pg_catalog.min(committed_at) END"
            + " FROM outbox.dead_letter WHERE slot = ? AND kind = 'event' AND state = 'parked' AND from_table"
            + " AND pg_catalog.octet_length(tenant_id) <= 256 GROUP BY tenant_id ORDER BY 1";

    /**
     * What was taken of one tenant and is not sent.
     *
     * @param since none of these events was published earlier; the beginning of time when nobody knows
     */
    public record Taken(String tenant, long rows, Instant since) {}

    /** Told what is going on, and asked whether to go on. */
    public interface Watch {
        /** So many rows were taken so far; false when they are not to be taken any more. */
        boolean taken(long rows);
    }

    private final TermGuard guard;
    private final Database database;
    private final List<TableMapping> mappings;
    private final String publication;
    private final Watch watch;
    private final RowMarks marks;
    private final Decoder decoder;
    private final Router router;
    private final Connection writer;
    private long taken;
    private long told = System.nanoTime();

    private PendingRows(
            Database database,
            TermGuard guard,
            List<TableMapping> mappings,
            String publication,
            Naming naming,
            Watch watch,
            Connection writer) {
        this.database = database;
        this.guard = guard;
        this.mappings = List.copyOf(mappings);
        this.publication = publication;
        this.watch = watch;
        this.marks = new RowMarks(mappings.stream().collect(Collectors.toMap(TableMapping::name, Function.identity())));
        this.decoder = new Decoder(mappings);
        this.router = new Router(naming);
        this.writer = writer;
    }

    /**
     * Opens a connection for what is written.
     *
     * @param guard under which leader
     */
    public static PendingRows open(
            Database database,
            TermGuard guard,
            List<TableMapping> mappings,
            String publication,
            Naming naming,
            Watch watch)
            throws DatabaseException {
        try {
            return new PendingRows(database, guard, mappings, publication, naming, watch, connect(database, guard));
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private static Connection connect(Database database, TermGuard guard) throws SQLException {
        Connection writer = database.open("backlog");
        try {
            if (!ServerIdentity.read(writer).equals(guard.identity())) {
                throw new SQLException("this is another server than the one that the leader was elected on");
            }
            writer.setAutoCommit(false);
            SettlingSessions.enter(writer, guard.slot());
            try (Statement statement = writer.createStatement()) {
                statement.execute("SET idle_in_transaction_session_timeout = '5s'");
            }
            writer.commit();
            return writer;
        } catch (SQLException e) {
            Database.discard(writer);
            throw e;
        }
    }

    private static DatabaseException failed(SQLException e) {
        return new DatabaseException("taking pending rows from their tables", e);
    }

    /**
     * Takes everything that is pending now and is not in the table of dead letters yet.
     *
     * @param reason why, in words
     * @return how many rows
     */
    public long take(String reason) throws DatabaseException, InterruptedException {
        try {
            begin(reason);
            takeAll();
            return taken;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private void takeAll() throws SQLException, InterruptedException {
        try (Connection snapshot = database.openBrief("backlog snapshot", LONGEST_SILENCE_SECONDS)) {
            if (!ServerIdentity.read(snapshot).equals(guard.identity())) {
                throw new SQLException("this is another server than the one that the leader was elected on");
            }
            List<PendingTable> tables = new ArrayList<>();
            for (TableMapping mapping : mappings) {
                PendingTable.look(snapshot, mapping, publication).ifPresent(tables::add);
            }
            for (PendingTable table : tables) {
                awaitWriters(snapshot, table.name());
            }
            snapshot.setAutoCommit(false);
            snapshot.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            snapshot.setReadOnly(true);
            try (Statement statement = snapshot.createStatement()) {
                statement.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
                statement.execute("SET LOCAL statement_timeout = 0");
            }
            IdSet inSlot = tables.isEmpty() ? new IdSet() : inSlot(snapshot);
            for (PendingTable table : tables) {
                take(snapshot, table, inSlot);
            }
            snapshot.rollback();
        }
    }

    /** The slot is there, and the end of the WAL now lies behind where it begins. */
    private void begin(String reason) throws SQLException {
        admit();
        try (PreparedStatement statement = writer.prepareStatement(SLOT)) {
            statement.setString(1, guard.slot());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                if (!row.getBoolean(2)) {
                    throw new SQLException("replication slot " + guard.slot() + " does not exist", "42704");
                }
                String end = row.getString(1);
                try (PreparedStatement upsert = writer.prepareStatement(BEGIN)) {
                    upsert.setString(1, guard.slot());
                    upsert.setString(2, reason);
                    upsert.setLong(3, guard.identity().systemIdentifier());
                    upsert.setString(4, end);
                    upsert.executeUpdate();
                }
            }
        }
        writer.commit();
    }

    /**
     * Waits for transactions that are writing now. One of them may have its commit in the WAL before the slot's
     * beginning and still be invisible, since it waits for a standby: then neither slot nor snapshot would have its
     * rows.
     */
    private void awaitWriters(Connection connection, TableName table) throws SQLException, InterruptedException {
        Set<String> open = writers(connection, table);
        long begin = System.nanoTime();
        while (!open.isEmpty()) {
            goOn();
            TimeUnit.MILLISECONDS.sleep(50);
            open.retainAll(writers(connection, table));
            if (System.nanoTime() - begin > TELL_NANOS && !open.isEmpty()) {
                begin = System.nanoTime();
                log.warn(
                        "waiting for transactions that write into {} to end, before its pending rows are read: {}"
                                + " (pg_locks.virtualtransaction)",
                        table,
                        open);
            }
        }
    }

    /**
     * What is in the slot as well, as far as the snapshot can show it: that is left to the slot, which has it in commit
     * order. Nothing, where that is too much to know.
     */
    private IdSet inSlot(Connection snapshot) throws SQLException {
        try (Statement statement = snapshot.createStatement()) {
            statement.execute("SELECT pg_catalog.pg_current_snapshot()"); // the snapshot is taken now
        }
        // what others committed without waiting for the disk is visible: in the WAL it must lie before what is read
        admit();
        flushAtCommit();
        count(0, 0);
        writer.commit();
        try (Connection peek = database.openBrief("backlog peek", LONGEST_SILENCE_SECONDS)) {
            if (!ServerIdentity.read(peek).equals(guard.identity())) {
                throw new SQLException("this is another server than the one that the leader was elected on");
            }
            return SlotContent.peek(peek, guard.slot(), publication, mappings).orElseGet(IdSet::new);
        }
    }

    private void flushAtCommit() throws SQLException {
        try (Statement statement = writer.createStatement()) {
            statement.execute("SELECT pg_catalog.set_config('synchronous_commit', 'local', true)"
                    + " WHERE pg_catalog.current_setting('synchronous_commit') = 'off'");
        }
    }

    private static Set<String> writers(Connection connection, TableName table) throws SQLException {
        Set<String> writers = new TreeSet<>();
        try (PreparedStatement statement = connection.prepareStatement(WRITERS)) {
            statement.setString(1, table.quoted());
            statement.setString(2, table.quoted());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    writers.add(row.getString(1));
                }
            }
        }
        return writers;
    }

    private void take(Connection snapshot, PendingTable table, IdSet inSlot) throws SQLException {
        try (PreparedStatement statement = snapshot.prepareStatement(table.keys())) {
            statement.setFetchSize(PART);
            try (ResultSet row = statement.executeQuery()) {
                List<String> part = new ArrayList<>(PART);
                long bytes = 0;
                while (row.next()) {
                    long size = row.getLong(2);
                    if (!part.isEmpty() && (part.size() == PART || bytes + size > PART_BYTES)) {
                        write(table, part);
                        part.clear();
                        bytes = 0;
                    }
                    String id = row.getString(1);
                    if (id != null && !inSlot.contains(EventId.text(table.name(), id))) {
                        part.add(id);
                        bytes += size;
                    }
                }
                if (!part.isEmpty()) {
                    write(table, part);
                }
            }
        }
    }

    private void write(PendingTable table, List<String> ids) throws SQLException {
        admit();
        List<Routed> rows = read(table, ids);
        Set<String> known = knownElsewhere(table, rows);
        List<Routed.Deliverable> parking = new ArrayList<>();
        List<DeadLetter> dead = new ArrayList<>();
        long written = 0;
        for (Routed routed : rows) {
            if (known.contains(event(routed).id().value())) {
                continue;
            }
            if (routed instanceof Routed.Deliverable deliverable) {
                written += bury(table, dead);
                parking.add(deliverable);
            } else {
                written += park(table, parking);
                dead.add(letter(routed));
            }
        }
        written += park(table, parking) + bury(table, dead);
        count(written, 0);
        writer.commit();
        taken += written;
        goOn();
    }

    private void goOn() throws SQLException {
        if (!watch.taken(taken)) {
            throw new SQLException("this instance does not lead any more");
        }
        if (System.nanoTime() - told > TELL_NANOS) {
            told = System.nanoTime();
            log.atInfo().addKeyValue("rows", taken).log("taking pending rows from their tables");
        }
    }

    private List<Routed> read(PendingTable table, List<String> ids) throws SQLException {
        List<Routed> rows = new ArrayList<>(ids.size());
        Array keys = writer.createArrayOf("text", ids.toArray());
        try (PreparedStatement statement = writer.prepareStatement(table.rows())) {
            statement.setArray(1, keys);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    Map<String, Object> values = new HashMap<>();
                    long micros = row.getLong(1);
                    int at = 2;
                    for (String column : table.columns()) {
                        Object value = table.value(column, row, at);
                        if (value != null) {
                            values.put(column, value);
                        }
                        at++;
                    }
                    rows.add(router.route(decoder.decode(
                            new Change.Inserted(table.name(), new Origin(Lsn.NONE, Lsn.NONE, micros), values::get))));
                }
            }
        } finally {
            keys.free();
        }
        return rows;
    }

    private static OutboxEvent event(Routed routed) {
        if (routed instanceof Routed.Deliverable deliverable) {
            return deliverable.envelope().event();
        }
        return routed instanceof Routed.Homeless homeless ? homeless.event() : ((Routed.Unroutable) routed).event();
    }

    private static DeadLetter letter(Routed routed) {
        return routed instanceof Routed.Homeless homeless
                ? new DeadLetter(homeless.event(), homeless.reason(), homeless.error(), 0, () -> {})
                : letter((Routed.Unroutable) routed);
    }

    private static DeadLetter letter(Routed.Unroutable routed) {
        return new DeadLetter(routed.event(), routed.reason(), routed.error(), 0, () -> {});
    }

    /**
     * Events that another slot of the relay has in its care, or has published. What waits under the name of a slot that
     * is no more is taken over: nobody else would ever send it.
     */
    private Set<String> knownElsewhere(PendingTable table, List<Routed> rows) throws SQLException {
        Set<String> known = new TreeSet<>();
        List<Long> orphans = new ArrayList<>();
        Array events = writer.createArrayOf(
                "text", rows.stream().map(routed -> event(routed).id().value()).toArray());
        try (PreparedStatement statement = writer.prepareStatement(ELSEWHERE)) {
            statement.setArray(1, events);
            statement.setString(2, table.name().toString());
            statement.setString(3, guard.slot());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    boolean waits = Set.of("parked", "replaying").contains(row.getString(3));
                    if (waits && !row.getBoolean(4)) {
                        orphans.add(row.getLong(2));
                    } else {
                        known.add(row.getString(1));
                    }
                }
            }
        } finally {
            events.free();
        }
        if (!orphans.isEmpty()) {
            Array keys = Letters.keys(writer, orphans);
            try (PreparedStatement statement = writer.prepareStatement(TAKE_OVER)) {
                statement.setString(1, "taken over by slot " + guard.slot());
                statement.setArray(2, keys);
                statement.executeUpdate();
            } finally {
                keys.free();
            }
        }
        return known;
    }

    private long park(PendingTable table, List<Routed.Deliverable> rows) throws SQLException {
        if (rows.isEmpty()) {
            return 0;
        }
        var events = rows.stream().map(row -> row.envelope().event()).toList();
        Array[] arrays = {
            writer.createArrayOf(
                    "text", events.stream().map(e -> e.id().value()).toArray()),
            writer.createArrayOf("text", events.stream().map(e -> e.tenant()).toArray()),
            writer.createArrayOf("text", events.stream().map(e -> e.subject()).toArray()),
            writer.createArrayOf(
                    "bytea", events.stream().map(e -> e.payload().bytes()).toArray(byte[][]::new)),
            writer.createArrayOf(
                    "text", events.stream().map(e -> e.headersJson()).toArray()),
            writer.createArrayOf(
                    "int8", events.stream().map(e -> time(e.origin())).toArray(Long[]::new)),
        };
        try (PreparedStatement insert = writer.prepareStatement(INSERT)) {
            insert.setString(1, guard.slot());
            insert.setString(2, table.name().toString());
            for (int i = 0; i < arrays.length; i++) {
                insert.setArray(i + 3, arrays[i]);
            }
            rows.clear();
            return insert.executeUpdate();
        } finally {
            for (Array array : arrays) {
                array.free();
            }
        }
    }

    /** Null where the table does not tell. */
    private static @Nullable Long time(Origin origin) {
        return origin.committedAtMicros() == 0 ? null : (Long) origin.committedAtMicros();
    }

    private long bury(PendingTable table, List<DeadLetter> dead) throws SQLException {
        if (dead.isEmpty()) {
            return 0;
        }
        try (LetterInsert insert = new LetterInsert(writer, guard.slot())) {
            for (DeadLetter letter : dead) {
                insert.add(letter);
            }
            insert.execute();
        }
        Marking marks = table.mapping().marks();
        if (marks != null && marks.canFail()) {
            Map<String, String> events = new HashMap<>();
            dead.forEach(letter ->
                    events.put(letter.event().row().id(), letter.event().id().value()));
            Set<String> failed = new RowStatements(writer).fail(table.mapping(), marks, readable(events.keySet()));
            List<String> due = events.entrySet().stream()
                    .filter(row -> !failed.contains(row.getKey()))
                    .map(Map.Entry::getValue)
                    .toList();
            markDue(table, due);
        }
        long written = dead.size();
        dead.clear();
        return written;
    }

    /** An id that the relay made up is that of no row. */
    private static Collection<String> readable(Collection<String> ids) {
        return ids.stream().filter(id -> !id.startsWith(EventId.MADE_UP)).toList();
    }

    private void markDue(PendingTable table, List<String> events) throws SQLException {
        if (events.isEmpty()) {
            return;
        }
        Array keys = writer.createArrayOf("text", events.toArray());
        try (PreparedStatement statement = writer.prepareStatement(MARK_DUE)) {
            statement.setString(1, guard.slot());
            statement.setString(2, table.name().toString());
            statement.setArray(3, keys);
            statement.executeUpdate();
        } finally {
            keys.free();
        }
    }

    private void count(long more, long found) throws SQLException {
        try (PreparedStatement statement = writer.prepareStatement(COUNT)) {
            statement.setLong(1, more);
            statement.setLong(2, found);
            statement.setString(3, guard.slot());
            statement.executeUpdate();
        }
    }

    /** Whose events were taken and are not sent, those of earlier attempts among them. */
    public List<Taken> tenants() throws DatabaseException {
        List<Taken> tenants = new ArrayList<>();
        try (PreparedStatement statement = writer.prepareStatement(TENANTS)) {
            admit();
            statement.setString(1, guard.slot());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    OffsetDateTime since = row.getObject(3, OffsetDateTime.class);
                    tenants.add(new Taken(
                            row.getString(1), row.getLong(2), since == null ? Instant.EPOCH : since.toInstant()));
                }
            }
            writer.commit();
            return tenants;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /** These messages are in the tenant's stream: what was taken of them is resolved. Returns how many that were. */
    public int inStream(String tenant, Set<EventId> ids) throws DatabaseException, InterruptedException {
        try {
            return resolve(tenant, ids);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private int resolve(String tenant, Set<EventId> ids) throws SQLException, InterruptedException {
        int[] resolved = {0};
        ReconcileRequest request = new ReconcileRequest(
                guard.slot(), marks, 0, tenant, ids, null, answer -> resolved[0] = answer.resolved());
        admit();
        while (request.run(writer) != BacklogRequest.Next.DONE) {
            goOn();
            TimeUnit.MILLISECONDS.sleep(50); // somebody has locked a letter
            admit();
        }
        if (resolved[0] > 0) {
            admit();
            count(0, resolved[0]);
            writer.commit();
        }
        goOn();
        return resolved[0];
    }

    /** Says that all is taken; false when it was asked for again meanwhile. */
    public boolean finish() throws DatabaseException {
        try (PreparedStatement finish = writer.prepareStatement(FINISH)) {
            admit();
            flushAtCommit(); // what was read and is in the slot too must lie before the position of start-up
            finish.setString(1, guard.slot());
            boolean done = finish.executeUpdate() == 1;
            writer.commit();
            return done;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private void admit() throws SQLException {
        if (!guard.admits(writer)) {
            throw new SQLException("another leader has taken over");
        }
    }

    @Override
    public void close() {
        Database.discard(writer);
    }
}

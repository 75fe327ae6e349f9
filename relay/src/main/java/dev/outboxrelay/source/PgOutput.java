package dev.outboxrelay.source;

import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.TableName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLState;

/**
 * Reads the messages of the plugin {@code pgoutput}, protocol version 1 without streaming (PostgreSQL documentation,
 * "Logical Replication Message Formats"): a transaction's rows come together, after its commit and in commit order. Not
 * thread-safe.
 *
 * <p>Only inserts into wanted tables become rows, and of these only the wanted columns are decoded. One into the table
 * of changed policies becomes such a change. Of logical messages those under the prefix of emitted events are kept.
 */
final class PgOutput {

    /** PostgreSQL counts microseconds from 2000-01-01T00:00Z. */
    private static final long EPOCH_MICROS = 946_684_800_000_000L;

    /** How the engine reads what is not read here. */
    interface EngineRows {

        /** Takes note of a relation message. */
        void describe(ByteBuffer message) throws SQLException, InterruptedException;

        /** The wanted values of an insert message. */
        WantedValues values(ByteBuffer message, Relation relation) throws SQLException, InterruptedException;
    }

    private final Map<TableName, List<String>> wanted;
    private final EngineRows engine;
    private final Map<Integer, @Nullable Relation> relations = new HashMap<>();
    private Lsn lastPassed = Lsn.NONE;
    private long committedAtMicros;
    private boolean binary;

    PgOutput(Map<TableName, List<String>> wanted, EngineRows engine) {
        this.wanted = wanted;
        this.engine = engine;
    }

    /**
     * Says that the stream was asked for binary values, of which the engine can read none. Before the first message.
     */
    void expectBinary() {
        binary = true;
    }

    /**
     * Reads one message and appends what it means.
     *
     * @param message backed by an array; its position is moved
     * @param lsn where the server says that the message begins
     * @return whether it ended a transaction, or stands outside any: a good moment to hand over
     */
    boolean read(ByteBuffer message, long lsn, Batch out) throws SQLException, InterruptedException {
        int start = message.position();
        byte kind = message.get();
        switch (kind) {
            case 'I' -> insert(message, start, lsn, out);
            case 'B' -> begin(message);
            case 'C' -> {
                commit(message, out);
                return true;
            }
            case 'M' -> {
                return logicalMessage(message, lsn, out);
            }
            case 'R' -> relation(message, start);
            case 'U', 'D', 'T', 'O', 'Y' -> {
                // the publication brings inserts only; origins and types say nothing about an event
            }
            default -> throw new IllegalStateException("pgoutput message of unknown kind " + kind);
        }
        return false;
    }

    private void begin(ByteBuffer message) {
        message.getLong(); // where the commit begins
        committedAtMicros = message.getLong() + EPOCH_MICROS;
    }

    private void commit(ByteBuffer message, Batch out) {
        message.get(); // no flags so far
        message.getLong(); // where the commit begins
        passed(new Lsn(message.getLong()), out);
    }

    /** One outside any transaction is a position; one inside is part of what its commit passes, and may be an event. */
    private boolean logicalMessage(ByteBuffer message, long lsn, Batch out) {
        boolean transactional = (message.get() & 1) == 1;
        Lsn begin = new Lsn(message.getLong());
        if (!transactional) {
            passed(begin, out);
        } else if (text(message).equals(Change.Emitted.PREFIX)) {
            byte[] content = new byte[message.getInt()];
            message.get(content);
            out.emitted(new Change.Emitted(origin(lsn), Payload.of(content)));
        }
        return !transactional;
    }

    private void passed(Lsn lsn, Batch out) {
        lastPassed = lsn;
        out.passed(new Change.Passed(lsn));
    }

    private void relation(ByteBuffer message, int start) throws SQLException, InterruptedException {
        int id = message.getInt();
        TableName table = TableName.parse(text(message) + '.' + text(message)).orElse(null);
        List<String> columns = table == null ? null : wanted.get(table);
        if (table == null || columns == null) {
            relations.put(id, null);
            return;
        }
        message.get(); // replica identity
        int count = message.getShort();
        List<Relation.Column> all = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            message.get(); // whether it is part of the key
            String name = text(message);
            int type = message.getInt();
            message.getInt(); // type modifier
            all.add(new Relation.Column(name, type));
        }
        Relation relation = new Relation(table, columns, all);
        if (relation.isReadByEngine()) {
            if (binary) {
                throw new SQLException(
                        "the WAL has a column of " + table + " with a type that is read in text only, and this stream"
                                + " is in binary: the next start reads in text",
                        PSQLState.NOT_IMPLEMENTED.getState());
            }
            message.position(start);
            engine.describe(message);
        }
        relations.put(id, relation);
    }

    private void insert(ByteBuffer message, int start, long lsn, Batch out) throws SQLException, InterruptedException {
        int id = message.getInt();
        Relation relation = relations.get(id);
        if (relation == null) {
            if (!relations.containsKey(id)) {
                throw new IllegalStateException("a row of relation " + id + " arrived before its description");
            }
            return;
        }
        int size = message.remaining();
        WantedValues values;
        if (relation.isReadByEngine()) {
            message.position(start);
            values = engine.values(message, relation);
        } else {
            message.get(); // N: a new row follows
            values = relation.read(message);
        }
        if (relation.isOfPolicies()) {
            out.policy(Change.PolicyChanged.of(values), size);
            return;
        }
        out.row(new Change.Inserted(relation.table(), origin(lsn), values), size);
    }

    private Origin origin(long lsn) {
        // NONE stands for the position confirmed at the start, which nobody knows here
        return new Origin(new Lsn(lsn), lastPassed, committedAtMicros);
    }

    /** A text that ends with a zero byte. */
    private static String text(ByteBuffer message) {
        int from = message.position();
        while (message.get() != 0) {
            // goes on to the end
        }
        int length = message.position() - 1 - from;
        return new String(message.array(), message.arrayOffset() + from, length, StandardCharsets.UTF_8);
    }
}

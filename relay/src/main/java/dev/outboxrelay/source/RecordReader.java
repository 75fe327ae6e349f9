package dev.outboxrelay.source;

import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.TableName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/** Turns the engine's records into changes. One engine's records in order; not thread-safe. */
final class RecordReader {

    private static final String LAST_COMMIT = "lsn_commit";

    private final Map<String, TableName> tables = new HashMap<>();
    private Lsn lastCommit;

    /** @param confirmed the slot's confirmed position: the least that can lie before any event */
    RecordReader(Lsn confirmed) {
        this.lastCommit = confirmed;
    }

    /** Appends what a record means: a batch of changes, or at most a position that was passed and a row. */
    void read(SourceRecord record, List<Change> out) {
        if (record.value() instanceof Batch batch) {
            batch(batch, out);
            return;
        }
        Object commit = record.sourceOffset().get(LAST_COMMIT);
        if (commit instanceof Long value && Long.compareUnsigned(value, lastCommit.value()) > 0) {
            lastCommit = new Lsn(value);
            out.add(new Change.Passed(lastCommit));
        }
        if (record.value() instanceof Struct value) {
            if (value.schema().field("after") != null) {
                row(value, out);
            } else if (value.schema().field("message") != null) {
                message(value, out);
            }
        }
    }

    private void batch(Batch batch, List<Change> out) {
        for (Change change : batch.changes()) {
            if (change instanceof Change.Passed passed) {
                if (lastCommit.compareTo(passed.lsn()) < 0) {
                    lastCommit = passed.lsn();
                    out.add(passed);
                }
            } else if (change instanceof Change.Inserted row) {
                out.add(
                        isBehind(row.origin())
                                ? new Change.Inserted(row.table(), behind(row.origin()), row.columns())
                                : row);
            } else if (change instanceof Change.Emitted message) {
                out.add(
                        isBehind(message.origin())
                                ? new Change.Emitted(behind(message.origin()), message.content())
                                : message);
            } else {
                out.add(change);
            }
        }
    }

    /** Of the first transaction: its reader does not know what was confirmed before. */
    private boolean isBehind(Origin origin) {
        return origin.after().compareTo(lastCommit) < 0;
    }

    private Origin behind(Origin origin) {
        return new Origin(origin.lsn(), lastCommit, origin.committedAtMicros());
    }

    private void row(Struct value, List<Change> out) {
        Struct after = value.getStruct("after");
        if (after == null || !"c".equals(value.getString("op"))) {
            return; // the publication brings inserts only; anything else is none of ours
        }
        Struct source = value.getStruct("source");
        TableName table = table(source.getString("schema"), source.getString("table"));
        if (table.equals(Change.PolicyChanged.TABLE)) {
            out.add(Change.PolicyChanged.of(new StructColumns(after)));
            return;
        }
        out.add(new Change.Inserted(table, origin(source), new StructColumns(after)));
    }

    /** A logical message; one outside any transaction has no transaction's number, and is nobody's event. */
    private void message(Struct value, List<Change> out) {
        Struct source = value.getStruct("source");
        Struct message = value.getStruct("message");
        if (source.get("txId") != null && Change.Emitted.PREFIX.equals(message.getString("prefix"))) {
            byte[] content = (byte[]) Objects.requireNonNull(StructColumns.value(message, "content"));
            out.add(new Change.Emitted(origin(source), Payload.of(content)));
        }
    }

    private Origin origin(Struct source) {
        return new Origin(new Lsn(source.getInt64("lsn")), lastCommit, source.getInt64("ts_us"));
    }

    private TableName table(String schema, String table) {
        return tables.computeIfAbsent(schema + '.' + table, unused -> new TableName(schema, table));
    }
}

package dev.outboxrelay.source;

import dev.outboxrelay.decode.Change;
import dev.outboxrelay.decode.Columns;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.TableName;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** Turns the engine's records into changes. One engine's records in order; not thread-safe. */
final class RecordReader {

    private static final String LAST_COMMIT = "lsn_commit";

    private final Map<String, TableName> tables = new HashMap<>();
    private Lsn lastCommit;

    /** @param confirmed the slot's confirmed position: the least that can lie before any event */
    RecordReader(Lsn confirmed) {
        this.lastCommit = confirmed;
    }

    /** Appends what a record means: at most a position that was passed and a row. */
    void read(SourceRecord record, List<Change> out) {
        Object commit = record.sourceOffset().get(LAST_COMMIT);
        if (commit instanceof Long value && Long.compareUnsigned(value, lastCommit.value()) > 0) {
            lastCommit = new Lsn(value);
            out.add(new Change.Passed(lastCommit));
        }
        if (record.value() instanceof Struct value && value.schema().field("after") != null) {
            row(value, out);
        }
    }

    private void row(Struct value, List<Change> out) {
        Struct after = value.getStruct("after");
        if (after == null || !"c".equals(value.getString("op"))) {
            return; // the publication brings inserts only; anything else is none of ours
        }
        Struct source = value.getStruct("source");
        Origin origin = new Origin(new Lsn(source.getInt64("lsn")), lastCommit, source.getInt64("ts_us"));
        out.add(new Change.Inserted(
                table(source.getString("schema"), source.getString("table")), origin, new StructColumns(after)));
    }

    private TableName table(String schema, String table) {
        return tables.computeIfAbsent(schema + '.' + table, unused -> new TableName(schema, table));
    }

    /** A row's values, bytes as arrays. */
    private record StructColumns(Struct row) implements Columns {
        @Override
        public @Nullable Object get(String column) {
            if (row.schema().field(column) == null) {
                return null;
            }
            Object value = row.get(column);
            if (value instanceof ByteBuffer buffer) {
                byte[] bytes = new byte[buffer.remaining()];
                buffer.duplicate().get(bytes);
                return bytes;
            }
            return value;
        }
    }
}

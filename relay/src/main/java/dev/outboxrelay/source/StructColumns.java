package dev.outboxrelay.source;

import dev.outboxrelay.decode.Columns;
import java.nio.ByteBuffer;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Struct;
import org.jspecify.annotations.Nullable;

/** A row's values from the engine's record, bytes as arrays, dates and times as ISO 8601 texts. */
record StructColumns(Struct row) implements Columns {

    @Override
    public @Nullable Object get(String column) {
        return value(row, column);
    }

    @Override
    public boolean has(String column) {
        return row.schema().field(column) != null;
    }

    static @Nullable Object value(Struct row, String column) {
        Field field = row.schema().field(column);
        if (field == null) {
            return null;
        }
        // without the column's default, which the engine would put in place of a null that was really inserted
        Object value = row.getWithoutDefault(column);
        if (value instanceof ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return bytes;
        }
        String meaning = field.schema().name();
        return value == null || meaning == null ? value : EngineTime.text(meaning, value);
    }
}

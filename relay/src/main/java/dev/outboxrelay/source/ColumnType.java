package dev.outboxrelay.source;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.Oid;
import org.postgresql.util.PGbytea;

/**
 * The column types that are read straight from the stream, each into the value that the engine would make of it. Pure.
 *
 * <p>Values come as text, as the type's output function writes them in the walsender's session (PostgreSQL
 * documentation, "Logical Replication Message Formats", TupleData).
 */
enum ColumnType {
    TEXT {
        @Override
        Object read(byte[] source, int from, int length) {
            return new String(source, from, length, StandardCharsets.UTF_8);
        }
    },
    WHOLE {
        @Override
        Object read(byte[] source, int from, int length) {
            return Long.valueOf(new String(source, from, length, StandardCharsets.US_ASCII));
        }
    },
    BOOLEAN {
        @Override
        Object read(byte[] source, int from, int length) {
            return source[from] == 't';
        }
    },
    BYTES {
        @Override
        Object read(byte[] source, int from, int length) throws SQLException {
            if (length >= 2 && source[from] == '\\' && source[from + 1] == 'x') {
                return Hex.decode(source, from + 2, length - 2);
            }
            // bytea_output = escape, set for the role or the database
            byte[] text = new byte[length];
            System.arraycopy(source, from, text, 0, length);
            byte[] bytes = PGbytea.toBytes(text);
            return bytes == null ? new byte[0] : bytes;
        }
    };

    /** The type with this OID (pg_type.dat); null for those that only the engine can read. */
    static @Nullable ColumnType of(int oid) {
        return switch (oid) {
            case Oid.TEXT, Oid.VARCHAR, Oid.BPCHAR, Oid.UUID, Oid.JSON, Oid.JSONB -> TEXT;
            case Oid.INT2, Oid.INT4, Oid.INT8 -> WHOLE;
            case Oid.BOOL -> BOOLEAN;
            case Oid.BYTEA -> BYTES;
            default -> null;
        };
    }

    /**
     * A value from its text form.
     *
     * @throws SQLException when the text is no value of this type
     */
    abstract Object read(byte[] source, int from, int length) throws SQLException;
}

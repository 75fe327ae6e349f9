package dev.outboxrelay.source;

import dev.outboxrelay.decode.PgTime;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.Oid;
import org.postgresql.util.ByteConverter;
import org.postgresql.util.PGbytea;

/**
 * The column types that are read straight from the stream, each into the value that {@link StructColumns} makes of the
 * engine's. Pure.
 *
 * <p>Each value comes as text, as the type's output function writes it in the walsender's session, or in binary, as the
 * type's send function writes it (PostgreSQL documentation, "Logical Replication Message Formats", TupleData). Both
 * forms give the same value.
 */
enum ColumnType {
    TEXT {
        @Override
        Object readBinary(byte[] source, int from, int length) {
            return text(source, from, length);
        }
    },
    UUID {
        @Override
        Object readBinary(byte[] source, int from, int length) {
            check(length == 2 * Long.BYTES, length);
            return new java.util.UUID(number(source, from, Long.BYTES), number(source, from + Long.BYTES, Long.BYTES))
                    .toString();
        }
    },
    JSONB {
        @Override
        Object readBinary(byte[] source, int from, int length) {
            check(length >= 1 && source[from] == 1, length);
            return text(source, from + 1, length - 1);
        }
    },
    WHOLE {
        @Override
        Object read(byte[] source, int from, int length) {
            return Long.valueOf(new String(source, from, length, StandardCharsets.US_ASCII));
        }

        @Override
        Object readBinary(byte[] source, int from, int length) {
            check(length == Short.BYTES || length == Integer.BYTES || length == Long.BYTES, length);
            return number(source, from, length);
        }
    },
    BOOLEAN {
        @Override
        Object read(byte[] source, int from, int length) {
            return source[from] == 't';
        }

        @Override
        Object readBinary(byte[] source, int from, int length) {
            check(length == 1, length);
            return source[from] != 0;
        }
    },
    TIMESTAMPTZ {
        @Override
        Object read(byte[] source, int from, int length) {
            return PgTime.timestampOf(text(source, from, length), true);
        }

        @Override
        Object readBinary(byte[] source, int from, int length) {
            check(length == Long.BYTES, length);
            return PgTime.timestamp(number(source, from, length), true);
        }
    },
    TIMESTAMP {
        @Override
        Object read(byte[] source, int from, int length) {
            return PgTime.timestampOf(text(source, from, length), false);
        }

        @Override
        Object readBinary(byte[] source, int from, int length) {
            check(length == Long.BYTES, length);
            return PgTime.timestamp(number(source, from, length), false);
        }
    },
    DATE {
        @Override
        Object read(byte[] source, int from, int length) {
            return PgTime.dateOf(text(source, from, length));
        }

        @Override
        Object readBinary(byte[] source, int from, int length) {
            check(length == Integer.BYTES, length);
            return PgTime.date((int) number(source, from, length));
        }
    },
    NUMERIC {
        @Override
        Object read(byte[] source, int from, int length) {
            return engineName(text(source, from, length));
        }

        @Override
        Object readBinary(byte[] source, int from, int length) {
            Number number = ByteConverter.numeric(source, from, length);
            return number instanceof BigDecimal decimal ? decimal.toPlainString() : engineName(number.toString());
        }

        /** What is no number has names of the engine's own. */
        private String engineName(String text) {
            return switch (text) {
                case "NaN" -> "NAN";
                case "Infinity" -> "POSITIVE_INFINITY";
                case "-Infinity" -> "NEGATIVE_INFINITY";
                default -> text;
            };
        }
    },
    BYTES {
        @Override
        Object read(byte[] source, int from, int length) throws SQLException {
            if (length >= 2 && source[from] == '\\' && source[from + 1] == 'x') {
                return Hex.decode(source, from + 2, length - 2);
            }
            // bytea_output = escape, set for the role or the database
            byte[] bytes = PGbytea.toBytes(Arrays.copyOfRange(source, from, from + length));
            return bytes == null ? new byte[0] : bytes;
        }

        @Override
        Object readBinary(byte[] source, int from, int length) {
            return Arrays.copyOfRange(source, from, from + length);
        }
    };

    /** The type with this OID (pg_type.dat); null for those that only the engine can read. */
    static @Nullable ColumnType of(int oid) {
        return switch (oid) {
            case Oid.TEXT, Oid.VARCHAR, Oid.BPCHAR, Oid.JSON -> TEXT;
            case Oid.UUID -> UUID;
            case Oid.JSONB -> JSONB;
            case Oid.INT2, Oid.INT4, Oid.INT8 -> WHOLE;
            case Oid.BOOL -> BOOLEAN;
            case Oid.TIMESTAMPTZ -> TIMESTAMPTZ;
            case Oid.TIMESTAMP -> TIMESTAMP;
            case Oid.DATE -> DATE;
            case Oid.NUMERIC -> NUMERIC;
            case Oid.BYTEA -> BYTES;
            default -> null;
        };
    }

    /**
     * A value from its text form.
     *
     * @throws SQLException when the text is no value of this type
     */
    Object read(byte[] source, int from, int length) throws SQLException {
        return text(source, from, length);
    }

    /**
     * A value from its binary form.
     *
     * @throws IllegalStateException when no value of this type looks like that
     */
    abstract Object readBinary(byte[] source, int from, int length);

    private static String text(byte[] source, int from, int length) {
        return new String(source, from, length, StandardCharsets.UTF_8);
    }

    /** A number with its sign, most significant byte first. */
    private static long number(byte[] source, int from, int length) {
        long number = source[from];
        for (int i = 1; i < length; i++) {
            number = number << 8 | (source[from + i] & 0xFF);
        }
        return number;
    }

    void check(boolean possible, int length) {
        if (!possible) {
            throw new IllegalStateException(
                    "no value of type " + this + " has this binary form of " + length + " bytes");
        }
    }
}

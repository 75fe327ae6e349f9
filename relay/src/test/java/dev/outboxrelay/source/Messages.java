package dev.outboxrelay.source;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Messages as {@code pgoutput} writes them, version 1. */
final class Messages {

    private static final long EPOCH_MICROS = 946_684_800_000_000L;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    private Messages() {}

    /** What writes into a message. */
    private interface Content {
        void write(DataOutputStream out) throws IOException;
    }

    private static ByteBuffer message(char kind, Content content) {
        Messages message = new Messages();
        try {
            message.out.writeByte(kind);
            content.write(message.out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // as the driver hands it over: a slice of a larger array
        byte[] all = message.bytes.toByteArray();
        byte[] frame = new byte[all.length + 25];
        System.arraycopy(all, 0, frame, 25, all.length);
        return ByteBuffer.wrap(frame).position(25).slice();
    }

    static ByteBuffer begin(long commitLsn, long committedAtMicros) {
        return message('B', out -> {
            out.writeLong(commitLsn);
            out.writeLong(committedAtMicros - EPOCH_MICROS);
            out.writeInt(700);
        });
    }

    static ByteBuffer commit(long commitLsn, long endLsn) {
        return message('C', out -> {
            out.writeByte(0);
            out.writeLong(commitLsn);
            out.writeLong(endLsn);
            out.writeLong(0);
        });
    }

    static ByteBuffer logical(boolean transactional, long lsn) {
        return logical(transactional, lsn, "prefix");
    }

    static ByteBuffer logical(boolean transactional, long lsn, String prefix) {
        return message('M', out -> {
            out.writeByte(transactional ? 1 : 0);
            out.writeLong(lsn);
            text(out, prefix);
            out.writeInt(2);
            out.write(new byte[] {1, 2});
        });
    }

    static ByteBuffer relation(int id, String schema, String table, Relation.Column... columns) {
        return message('R', out -> {
            out.writeInt(id);
            text(out, schema);
            text(out, table);
            out.writeByte('d');
            out.writeShort(columns.length);
            for (Relation.Column column : columns) {
                out.writeByte(1);
                text(out, column.name());
                out.writeInt(column.type());
                out.writeInt(-1);
            }
        });
    }

    /** A row of text values; null is a null. */
    static ByteBuffer insert(int relation, @Nullable String... values) {
        return message('I', out -> {
            out.writeInt(relation);
            out.writeByte('N');
            out.writeShort(values.length);
            for (String value : values) {
                if (value == null) {
                    out.writeByte('n');
                } else {
                    byte[] text = value.getBytes(StandardCharsets.UTF_8);
                    out.writeByte('t');
                    out.writeInt(text.length);
                    out.write(text);
                }
            }
        });
    }

    /** A row of two values, one in binary and one in text. */
    static ByteBuffer insertMixed(int relation, byte[] binary, String text) {
        return message('I', out -> {
            out.writeInt(relation);
            out.writeByte('N');
            out.writeShort(2);
            out.writeByte('b');
            out.writeInt(binary.length);
            out.write(binary);
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            out.writeByte('t');
            out.writeInt(bytes.length);
            out.write(bytes);
        });
    }

    /** A row of one value in a form that is neither text nor null. */
    static ByteBuffer insertInForm(int relation, char form) {
        return message('I', out -> {
            out.writeInt(relation);
            out.writeByte('N');
            out.writeShort(1);
            out.writeByte(form);
            out.writeInt(0);
        });
    }

    static ByteBuffer other(char kind) {
        return message(kind, out -> out.writeInt(1));
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
    }
}

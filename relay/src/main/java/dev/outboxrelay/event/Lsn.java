package dev.outboxrelay.event;

import java.util.HexFormat;

/**
 * A position in the write-ahead log: an unsigned 64-bit byte offset, ordered as such.
 *
 * <p>The text form is PostgreSQL's own, two hexadecimal halves: {@code 16/B374D848} (PostgreSQL documentation, "pg_lsn
 * Type").
 *
 * @param value the offset in bytes; negative numbers are offsets beyond 2^63
 */
public record Lsn(long value) implements Comparable<Lsn> {

    /** The invalid position 0/0: before every real one. */
    public static final Lsn NONE = new Lsn(0);

    /**
     * Reads PostgreSQL's text form.
     *
     * @throws IllegalArgumentException when the text is no LSN
     */
    public static Lsn parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 1 || slash > 8 || text.length() - slash - 1 < 1 || text.length() - slash - 1 > 8) {
            throw new IllegalArgumentException(
                    "not an LSN: '" + text + "' (expected two hexadecimal halves, 16/B374D848)");
        }
        try {
            long high = HexFormat.fromHexDigitsToLong(text, 0, slash);
            long low = HexFormat.fromHexDigitsToLong(text, slash + 1, text.length());
            return new Lsn((high << 32) | low);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "not an LSN: '" + text + "' (expected two hexadecimal halves, 16/B374D848)", e);
        }
    }

    public boolean isAtOrBefore(Lsn other) {
        return compareTo(other) <= 0;
    }

    /** The distance from an earlier position, in bytes; negative when {@code earlier} is in fact later. */
    public long bytesSince(Lsn earlier) {
        return value - earlier.value;
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(value, other.value);
    }

    /** Appends the text form: this is done for every message. */
    void appendTo(AsciiBuffer out) {
        out.hex(value >>> 32).literal('/').hex(value & 0xFFFFFFFFL);
    }

    @Override
    public String toString() {
        AsciiBuffer text = new AsciiBuffer(17);
        appendTo(text);
        return text.toString();
    }
}

package dev.outboxrelay.source;

import java.util.Arrays;

/** PostgreSQL's hex form of bytea, without the leading {@code \x}. Pure. */
final class Hex {

    private static final byte[] DIGITS = new byte[256];

    static {
        Arrays.fill(DIGITS, (byte) -1);
        for (int i = 0; i < 10; i++) {
            DIGITS['0' + i] = (byte) i;
        }
        for (int i = 0; i < 6; i++) {
            DIGITS['a' + i] = (byte) (10 + i);
            DIGITS['A' + i] = (byte) (10 + i);
        }
    }

    private Hex() {}

    /**
     * The bytes that the digits stand for.
     *
     * @throws IllegalArgumentException when they are not pairs of hexadecimal digits
     */
    static byte[] decode(byte[] source, int from, int length) {
        if ((length & 1) != 0) {
            throw new IllegalArgumentException("an odd number of hexadecimal digits: " + length);
        }
        byte[] bytes = new byte[length >> 1];
        int wrong = 0;
        for (int i = 0, at = from; i < bytes.length; i++, at += 2) {
            int value = DIGITS[source[at] & 0xFF] << 4 | DIGITS[source[at + 1] & 0xFF];
            wrong |= value;
            bytes[i] = (byte) value;
        }
        if (wrong < 0) {
            throw new IllegalArgumentException("a bytea value holds something that is no hexadecimal digit");
        }
        return bytes;
    }
}

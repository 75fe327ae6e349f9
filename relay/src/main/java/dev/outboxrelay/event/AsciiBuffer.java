package dev.outboxrelay.event;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Printable ASCII that is put together piece by piece: what every message carries is written with it, byte for byte and
 * without a text for each number. It grows as needed. Not thread-safe.
 */
public final class AsciiBuffer {

    private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_NUMBER = 20;

    private byte[] bytes;
    private int length;

    public AsciiBuffer(int capacity) {
        this.bytes = new byte[capacity];
    }

    /**
     * Appends a text.
     *
     * @throws IllegalArgumentException when a character is not printable ASCII
     */
    public AsciiBuffer text(String text) {
        int end = text.length();
        room(end);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~') {
                throw new IllegalArgumentException("character " + (i + 1) + " is not printable ASCII");
            }
            bytes[length + i] = (byte) c;
        }
        length += end;
        return this;
    }

    /** Appends bytes as they are. */
    public AsciiBuffer literal(byte[] literal) {
        room(literal.length);
        System.arraycopy(literal, 0, bytes, length, literal.length);
        length += literal.length;
        return this;
    }

    /** Appends one byte. */
    public AsciiBuffer literal(char c) {
        room(1);
        bytes[length++] = (byte) c;
        return this;
    }

    /** Appends a number, decimal. */
    public AsciiBuffer number(long number) {
        if (number < 0) {
            return text(Long.toString(number));
        }
        return digits(number, decimals(number));
    }

    /** Appends a number whose highest bit is no sign, decimal. */
    AsciiBuffer unsigned(long number) {
        return number < 0 ? text(Long.toUnsignedString(number)) : number(number);
    }

    /** Appends a number with zeros before it, up to so many digits. */
    public AsciiBuffer number(long number, int digits) {
        return digits(number, digits);
    }

    private AsciiBuffer digits(long number, int digits) {
        room(Math.max(digits, LONGEST_NUMBER));
        long rest = number;
        for (int i = length + digits - 1; i >= length; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
        return this;
    }

    private static int decimals(long number) {
        int digits = 1;
        for (long rest = number; rest > 9; rest /= 10) {
            digits++;
        }
        return digits;
    }

    /** Appends a number, hexadecimal in upper case and without zeros before it. */
    AsciiBuffer hex(long number) {
        int digits = Math.max(1, 16 - Long.numberOfLeadingZeros(number) / 4);
        room(digits);
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            bytes[length++] = HEX[(int) (number >>> shift) & 15];
        }
        return this;
    }

    private void room(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }

    public int length() {
        return length;
    }

    /** Copies what is there, and returns how much that is. */
    public int copyTo(byte[] target, int from) {
        System.arraycopy(bytes, 0, target, from, length);
        return length;
    }

    @Override
    public String toString() {
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }
}

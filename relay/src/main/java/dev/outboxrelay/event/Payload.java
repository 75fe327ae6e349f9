package dev.outboxrelay.event;

/**
 * The bytes of an event, passed on by reference and never copied, printed or changed.
 *
 * <p>Whoever hands over the array gives it away.
 */
public final class Payload {

    /** No bytes. */
    public static final Payload EMPTY = new Payload(new byte[0]);

    private final byte[] bytes;

    private Payload(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Takes over the array. */
    public static Payload of(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new Payload(bytes);
    }

    /** The array itself; read only. */
    public byte[] bytes() {
        return bytes;
    }

    /** Size in bytes. */
    public int size() {
        return bytes.length;
    }

    /** The size alone: a payload never reaches a log. */
    @Override
    public String toString() {
        return bytes.length + " bytes";
    }
}

package dev.outboxrelay.event;

/**
 * One header of a message.
 *
 * @param name an HTTP token
 * @param value printable ASCII
 */
public record Header(String name, String value) {

    /** Bytes on the wire: {@code name:value} and a line end (NATS ADR-4). */
    public int wireSize() {
        return name.length() + 1 + value.length() + 2;
    }
}

package dev.outboxrelay.lag;

/**
 * How much a stream holds and how much it may.
 *
 * @param maxMessages most messages that it keeps, or -1
 * @param maxBytes most bytes that it keeps, or -1
 * @param refuses whether it refuses new messages when it is full; otherwise it drops its oldest
 */
public record StreamFill(long bytes, long maxMessages, long maxBytes, boolean refuses) {

    /** Of a stream without limits that nobody measured. */
    static final StreamFill NONE = new StreamFill(0, -1, -1, false);

    public StreamFill {
        maxMessages = maxMessages <= 0 ? -1 : maxMessages;
        maxBytes = maxBytes <= 0 ? -1 : maxBytes;
    }
}

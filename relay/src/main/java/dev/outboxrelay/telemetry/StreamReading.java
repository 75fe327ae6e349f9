package dev.outboxrelay.telemetry;

/**
 * What is shown of one tenant's stream.
 *
 * @param maxMessages most messages that it keeps, or -1
 * @param maxBytes most bytes that it keeps, or -1
 * @param refuses whether it refuses new messages when it is full; otherwise it drops its oldest
 */
public record StreamReading(
        String tenant, String stream, long messages, long bytes, long maxMessages, long maxBytes, boolean refuses) {

    /** How full it is: of its two limits the one that is nearer; 0 where it has none. */
    double used() {
        double ofMessages = maxMessages < 0 ? 0 : (double) messages / maxMessages;
        double ofBytes = maxBytes < 0 ? 0 : (double) bytes / maxBytes;
        return Math.max(ofMessages, ofBytes);
    }
}

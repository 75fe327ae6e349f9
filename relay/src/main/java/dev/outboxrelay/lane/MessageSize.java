package dev.outboxrelay.lane;

import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.route.CloudEvents;
import dev.outboxrelay.route.Envelope;

/** How much of the server's {@code max_payload} a message takes: headers and payload count together (NATS ADR-4). */
final class MessageSize {

    /** The version line, the empty line at the end, and our own headers with the longest numbers they can hold. */
    private static final int FIXED = 12
            + size("Nats-Msg-Id", 0)
            + size("Outbox-Tenant", 0)
            + size("Outbox-Committed-At", "2026-01-01T00:00:00.000000Z".length())
            + size(Position.HEADER, 0)
            + size("Nats-Expected-Stream", 0)
            + size("Nats-Expected-Last-Sequence", 19);

    private MessageSize() {}

    /** Whether the message is larger than the server takes; cheap for the many that are far from it. */
    static boolean exceeds(long maxPayload, Envelope envelope, Position position, CloudEvents cloudEvents) {
        long rough = envelope.event().payload().size() + 2_048L;
        for (Header header : envelope.headers()) {
            rough += header.wireSize();
        }
        if (cloudEvents.isOn()) {
            rough += cloudEvents.sizeAtMost(envelope);
        }
        return rough > maxPayload && of(envelope, position, cloudEvents) > maxPayload;
    }

    /** In bytes; at most a few more than the wire takes, because numbers count with their greatest length. */
    static long of(Envelope envelope, Position position, CloudEvents cloudEvents) {
        long size = FIXED;
        size += cloudEvents.size(envelope);
        size += envelope.event().id().value().length();
        size += envelope.address().headerValue().length();
        size += position.encode().length();
        size += envelope.address().stream().value().length();
        for (Header header : envelope.headers()) {
            size += header.wireSize();
        }
        return size + envelope.event().payload().size();
    }

    private static int size(String name, int value) {
        return name.length() + 1 + value + 2;
    }
}

package dev.outboxrelay.consumer;

import dev.outboxrelay.event.Payload;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message that a consumer gave up, as it lies in its stream.
 *
 * @param stream the stream
 * @param consumer the consumer that gave it up; others may have had it
 * @param sequence the message's sequence in the stream
 * @param tenant the raw id of its tenant; null if the message does not say
 * @param eventId its {@code Nats-Msg-Id}; null if it has none, or is gone
 * @param subject the whole subject; null if it is gone
 * @param headersJson its headers, without those of the server and the relay, as a flat JSON object; null for none
 * @param payload its body; null if it is gone
 * @param committedAt when the event's transaction was committed; null if the message does not say
 * @param terminated refused for good by the application; otherwise delivered as often as it may be
 * @param deliveries how often it was delivered
 * @param reason what the application said when it refused it; null if nothing
 * @param at when the server said so
 */
public record GivenUpMessage(
        String stream,
        String consumer,
        long sequence,
        @Nullable String tenant,
        @Nullable String eventId,
        @Nullable String subject,
        @Nullable String headersJson,
        @Nullable Payload payload,
        @Nullable Instant committedAt,
        boolean terminated,
        int deliveries,
        @Nullable String reason,
        Instant at) {

    /** The reason of a dead letter, such as {@code max_deliveries}. */
    public String code() {
        return terminated ? "terminated" : "max_deliveries";
    }

    /** What happened, in words. */
    public String text() {
        String what = terminated
                ? "consumer " + consumer + " refused it for good" + (reason == null ? "" : ": " + reason)
                : "consumer " + consumer + " gave it up after " + deliveries
                        + (deliveries == 1 ? " delivery" : " deliveries");
        return what + (subject == null ? "; the message is gone from " : "; the message is in ") + stream
                + " at sequence " + sequence;
    }

    /** Without any of its content. */
    @Override
    public String toString() {
        return stream + '/' + consumer + " at " + sequence;
    }
}

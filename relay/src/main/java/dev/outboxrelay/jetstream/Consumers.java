package dev.outboxrelay.jetstream;

import dev.outboxrelay.consumer.ConsumerActual;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Reads consumers as the server tells of them. */
public final class Consumers {

    /** The metadata by which streams and consumers name their tenant. */
    public static final String TENANT = "outbox.tenant";

    private Consumers() {}

    /** The part of a consumer's configuration that is compared. */
    public static ConsumerActual actual(ConsumerInfo info) {
        ConsumerConfiguration is = info.getConsumerConfiguration();
        List<String> filters = Objects.requireNonNullElse(is.getFilterSubjects(), List.of());
        return new ConsumerActual(
                info.getName(),
                filters.stream()
                        .filter(filter -> filter != null && !filter.isEmpty())
                        .toList(),
                Objects.requireNonNullElse(is.getAckWait(), Duration.ZERO),
                is.getMaxAckPending(),
                is.getMaxDeliver(),
                Objects.requireNonNullElse(is.getBackoff(), List.of()),
                is.getAckPolicy() == AckPolicy.Explicit,
                is.getDeliverSubject() == null || is.getDeliverSubject().isEmpty(),
                isOurs(is));
    }

    private static boolean isOurs(ConsumerConfiguration is) {
        Map<String, String> metadata = is.getMetadata();
        return metadata != null && metadata.containsKey(TENANT);
    }

    /** The raw id of the tenant that a stream belongs to; empty when it is nobody's. */
    public static Optional<String> tenant(StreamConfiguration stream) {
        Map<String, String> metadata = stream.getMetadata();
        String named = metadata == null ? null : metadata.get(TENANT);
        if (named != null) {
            return Optional.of(named);
        }
        // made by somebody else, or by a server that keeps no metadata
        return stream.getSubjects().stream()
                .filter(subject -> subject.startsWith("tenant.") && subject.endsWith(".>"))
                .filter(subject -> subject.length() > "tenant..>".length()) // tenant.> is nobody's
                .map(subject -> subject.substring("tenant.".length(), subject.length() - 2))
                .filter(token -> !token.isEmpty() && token.indexOf('.') < 0 && !token.equals("*"))
                .findFirst();
    }
}

package dev.outboxrelay.lab.torture;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How operators of a run mend a dead letter before they have it sent again: always in the same way for the same reason,
 * so that what must be in the stream follows from what was written.
 */
enum Mending {
    SUBJECT,
    HEADERS,
    NOTHING;

    private static final String MENDED_SUBJECT = "events.mended";

    /** Of letters that are dead for this reason; empty when nothing that a replay can correct would help. */
    static Optional<Mending> of(String reason) {
        return switch (reason) {
            case "invalid_subject", "cross_tenant_subject" -> Optional.of(SUBJECT);
            case "invalid_headers" -> Optional.of(HEADERS);
            case "stream_rejected" -> Optional.of(NOTHING);
            default -> Optional.empty();
        };
    }

    /** What {@code dlq replay} is told. */
    List<String> arguments() {
        return switch (this) {
            case SUBJECT -> List.of("--set-subject", MENDED_SUBJECT);
            case HEADERS ->
                List.of("--set-header", "Nats-Rollup=", "--set-header", "a b=", "--set-header", "X-Mended=yes");
            case NOTHING -> List.of();
        };
    }

    /** The message's subject. */
    String subject(String tenant, Expected row) {
        return this == SUBJECT ? "tenant." + tenant + "." + MENDED_SUBJECT : row.subject();
    }

    /** The message's own headers: of those that are refused nothing else is left. */
    Map<String, String> headers(Expected row) {
        return this == HEADERS ? Map.of("X-Mended", "yes") : row.headers();
    }
}

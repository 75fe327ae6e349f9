package dev.outboxrelay.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A table layout that the relay knows, from which a table's mapping starts. */
public enum Preset {
    /** {@code id, tenant_id, subject, payload, headers, status, …}: the layout of {@code outbox.message}. */
    NATIVE("{subject}", "payload", "headers", "seq"),
    /** {@code id, aggregatetype, aggregateid, type, payload} and a tenant column: Debezium's outbox layout. */
    DEBEZIUM("{aggregatetype}.{type}", "payload", null, null),
    /** {@code id} and {@code payload}; all else has to be said. */
    CUSTOM(null, "payload", null, null),
    /** CAP for .NET: {@code "Id", "Name", "Content", "StatusName", …}, the message inside of {@code "Content"}. */
    CAP("{Name}", "Content", "Content", null),
    /** Spring Modulith's event publication registry: a row for each event and listener. */
    SPRING_MODULITH("{event_type}", "serialized_event", null, "publication_date"),
    /** Eventuate Tram: {@code id, destination, headers, payload, published}. */
    EVENTUATE_TRAM("{destination}", "payload", "headers", null),
    /** The Node library pg-transactional-outbox: {@code id, aggregate_type, aggregate_id, message_type, payload, …}. */
    PG_TRANSACTIONAL_OUTBOX("{aggregate_type}.{message_type}", "payload", null, "created_at");

    private final @Nullable String subject;
    private final String payload;
    private final @Nullable String headers;
    private final @Nullable String order;

    Preset(@Nullable String subject, String payload, @Nullable String headers, @Nullable String order) {
        this.subject = subject;
        this.payload = payload;
        this.headers = headers;
        this.order = order;
    }

    /** The preset with this name. */
    static Optional<Preset> of(String text) {
        return Arrays.stream(values())
                .filter(preset -> preset.toString().equals(text.toLowerCase(Locale.ROOT)))
                .findFirst();
    }

    /** The column with the tenant id, where the table's mapping names no other; empty where such a table has none. */
    Optional<String> tenantColumn() {
        return this == NATIVE || this == DEBEZIUM ? Optional.of("tenant_id") : Optional.empty();
    }

    /** The subject, where the table's mapping gives no other. */
    public Optional<SubjectTemplate> subject() {
        return Optional.ofNullable(subject).map(SubjectTemplate::of);
    }

    String idColumn() {
        return this == CAP ? "Id" : "id";
    }

    /** The order of rows, where the table's mapping names none. */
    String orderColumn(String id) {
        return order == null ? id : order;
    }

    ColumnPath payload() {
        return this == CAP ? new ColumnPath(payload, List.of("Value")) : ColumnPath.of(payload);
    }

    @Nullable
    ColumnPath headers() {
        if (headers == null) {
            return null;
        }
        return this == CAP ? new ColumnPath(headers, List.of("Headers")) : ColumnPath.of(headers);
    }

    /** How its rows show what became of them; null where they cannot. */
    public @Nullable Marking marking() {
        return switch (this) {
            case NATIVE -> Marking.NATIVE;
            case DEBEZIUM, CUSTOM -> null;
            case CAP ->
                new Marking("StatusName", List.of("Scheduled", "Delayed", "Queued"), "Succeeded", "Failed", null, null);
            case SPRING_MODULITH -> new Marking(null, List.of(), null, null, "completion_date", null);
            case EVENTUATE_TRAM -> new Marking("published", List.of("0"), "1", null, null, null);
            case PG_TRANSACTIONAL_OUTBOX -> new Marking(null, List.of(), null, null, "processed_at", "abandoned_at");
        };
    }

    /**
     * The layout as it is.
     *
     * @param subject null for the preset's own
     */
    public Layout layout(TenantSource tenant, @Nullable SubjectTemplate subject) {
        return new Layout(
                idColumn(),
                orderColumn(idColumn()),
                tenant,
                subject == null ? subject().orElseThrow() : subject,
                null,
                payload(),
                NullPayload.EMPTY,
                headers(),
                List.of(),
                RowFilter.ALL,
                marking());
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

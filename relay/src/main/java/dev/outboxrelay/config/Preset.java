package dev.outboxrelay.config;

import java.util.Locale;

/** A table layout that the relay knows how to read. */
public enum Preset {
    /** {@code id, tenant_id, subject, payload, headers, status, …}: the layout of {@code outbox.message}. */
    NATIVE("{subject}", true),
    /** {@code id, aggregatetype, aggregateid, type, payload} and a tenant column: Debezium's outbox layout. */
    DEBEZIUM("{aggregatetype}.{type}", false);

    private final String subject;
    private final boolean hasStatus;

    Preset(String subject, boolean hasStatus) {
        this.subject = subject;
        this.hasStatus = hasStatus;
    }

    /** The column with the tenant id, where the table's mapping names no other. */
    public String tenantColumn() {
        return "tenant_id";
    }

    /** The subject, where the table's mapping gives no other. */
    public SubjectTemplate subject() {
        return SubjectTemplate.of(subject);
    }

    /** Whether rows have a status that can be marked. */
    public boolean hasStatus() {
        return hasStatus;
    }

    /**
     * What happens to published rows, where the table's mapping does not say: the general mode where there is a status,
     * else nothing, because deleting is only ever done where it was asked for by name.
     */
    public SettleMode settle(SettleMode general) {
        return hasStatus ? general : SettleMode.KEEP;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

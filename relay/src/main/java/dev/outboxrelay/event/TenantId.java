package dev.outboxrelay.event;

/**
 * A tenant's id exactly as the row has it, already accepted by the naming rule in force.
 *
 * @param value the raw id, never empty
 */
public record TenantId(String value) {

    public TenantId {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a tenant id is never empty");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}

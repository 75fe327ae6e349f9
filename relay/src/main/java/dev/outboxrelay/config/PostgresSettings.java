package dev.outboxrelay.config;

/**
 * Where the outbox is and as whom it is read ({@code outbox.postgres.*}).
 *
 * @param url a JDBC URL, {@code jdbc:postgresql://host:port/database}; it may carry credentials, so show
 *     {@link #shownUrl()} instead
 * @param slot name of the logical replication slot
 * @param publication name of the publication
 * @param walBudget WAL that the slot may keep, in bytes
 */
public record PostgresSettings(
        String url, String user, Secret password, String slot, String publication, long walBudget) {

    /** The URL with every credential in it replaced by {@code ***}, for messages. */
    public String shownUrl() {
        return Redaction.redact(url);
    }

    @Override
    public String toString() {
        return "PostgresSettings[url=%s, user=%s, password=%s, slot=%s, publication=%s, walBudget=%s]"
                .formatted(shownUrl(), user, password, slot, publication, walBudget);
    }
}

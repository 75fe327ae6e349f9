package dev.outboxrelay.config;

/**
 * Where the outbox is and as whom it is read ({@code outbox.postgres.*}).
 *
 * @param url a JDBC URL, {@code jdbc:postgresql://host:port/database}; it may carry credentials, so show
 *     {@link #shownUrl()} instead
 * @param login as whom
 * @param tls what is trusted, and the relay's own certificate
 * @param slot name of the logical replication slot
 * @param publication name of the publication
 * @param walBudget WAL that the slot may keep, in bytes
 */
public record PostgresSettings(
        String url, PostgresLogin login, TlsFiles tls, String slot, String publication, long walBudget) {

    private static final String TLS = "outbox.postgres.tls";

    /** With a password that is known, and what the URL says of encryption. */
    public PostgresSettings(String url, String user, Secret password, String slot, String publication, long walBudget) {
        this(url, PostgresLogin.of(user, password), TlsFiles.none(TLS), slot, publication, walBudget);
    }

    /** The role. */
    public String user() {
        return login.user();
    }

    /** The same database, as somebody else. */
    public PostgresSettings as(PostgresLogin other) {
        return new PostgresSettings(url, other, tls, slot, publication, walBudget);
    }

    /** The URL with every credential in it replaced by {@code ***}, for messages. */
    public String shownUrl() {
        return Redaction.redact(url);
    }

    @Override
    public String toString() {
        return "PostgresSettings[url=%s, login=%s, tls=%s, slot=%s, publication=%s, walBudget=%s]"
                .formatted(shownUrl(), login, tls, slot, publication, walBudget);
    }
}

package dev.outboxrelay.event;

import java.util.Locale;

/** Why a row became a dead letter; the names are part of the public contract. */
public enum Reason {
    /** The tenant id breaks the naming rule. */
    INVALID_TENANT,
    /** Another tenant, whose id differs only by case, owns the stream of that name. */
    TENANT_NAME_CONFLICT,
    /** The subject has an empty token, a wildcard, a blank, a control character, or is too long. */
    INVALID_SUBJECT,
    /** The subject starts with {@code tenant.} but names another tenant. */
    CROSS_TENANT_SUBJECT,
    /** Headers and payload together are more than the server accepts. */
    PAYLOAD_TOO_LARGE,
    /** The headers are no flat object of strings, or one of them is not allowed. */
    INVALID_HEADERS,
    /** The row lacks a value that an event needs, or has one of a type that cannot be read. */
    MALFORMED_ROW,
    /** The tenant's stream refuses this message by a limit of its own. */
    STREAM_REJECTED,
    /** This message alone keeps failing, for a cause that no rule knows. */
    RETRIES_EXHAUSTED,
    /** A routing rule says so. */
    ROUTED_TO_DEAD_LETTER;

    private final String code = name().toLowerCase(Locale.ROOT);

    /** The name in the dead letter table, in metrics and in logs, such as {@code invalid_subject}. */
    public String code() {
        return code;
    }
}

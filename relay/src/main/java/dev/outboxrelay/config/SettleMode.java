package dev.outboxrelay.config;

/** What happens to a row once its event is published ({@code outbox.settle.mode}). */
public enum SettleMode {
    /** Its {@code status} becomes {@code published}. */
    MARK,
    /** It is deleted; the role needs the grant for it. */
    DELETE,
    /** Nothing: somebody else tidies up. */
    KEEP
}

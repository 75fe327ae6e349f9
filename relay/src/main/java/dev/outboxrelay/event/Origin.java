package dev.outboxrelay.event;

/**
 * Where in the WAL an event lies.
 *
 * @param lsn the row's own position; not unique (COPY) and not ordered across transactions: evidence, never an identity
 * @param after the greatest position that the slot can have confirmed while this event was not: the end of the last
 *     commit that was received before the event's transaction
 * @param committedAtMicros commit time of the row's transaction, microseconds since 1970-01-01T00:00Z
 */
public record Origin(Lsn lsn, Lsn after, long committedAtMicros) {}

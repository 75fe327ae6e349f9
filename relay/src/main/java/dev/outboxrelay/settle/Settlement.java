package dev.outboxrelay.settle;

import dev.outboxrelay.event.RowRef;

/**
 * A row whose event is in its stream, and what to do once the row says so.
 *
 * @param row the row
 * @param done called exactly once, after the commit; a crash before that call means that the event comes again and is
 *     settled again, to the same end
 */
public record Settlement(RowRef row, Runnable done) {}

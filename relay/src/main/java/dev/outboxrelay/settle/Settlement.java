package dev.outboxrelay.settle;

import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.watermark.Ticket;

/**
 * A row whose event is in its stream.
 *
 * @param row the row
 * @param ticket settled once the row says so
 */
public record Settlement(RowRef row, Ticket ticket) {

    /** What it takes while it waits, in bytes, not less. */
    public int bytes() {
        return WaitingRows.bytes(row);
    }
}

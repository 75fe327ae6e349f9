package dev.outboxrelay.source;

import dev.outboxrelay.decode.Change;
import java.util.ArrayList;
import java.util.List;

/** Changes in the order of the WAL, read and not yet handed over. One thread at a time. */
final class Batch {

    /** What a row takes beside its values. */
    private static final int ROW_OVERHEAD = 300;

    private static final int BOUNDARY = 50;

    private final List<Change> changes = new ArrayList<>();
    private long bytes;
    private int rows;

    /** @param valueBytes what its values take */
    void row(Change.Inserted row, long valueBytes) {
        add(row, valueBytes + ROW_OVERHEAD);
        rows++;
    }

    void emitted(Change.Emitted message) {
        add(message, message.content().size() + ROW_OVERHEAD);
        rows++;
    }

    /** @param valueBytes what its values take */
    void policy(Change.PolicyChanged policy, long valueBytes) {
        add(policy, valueBytes + ROW_OVERHEAD);
    }

    void passed(Change.Passed position) {
        add(position, BOUNDARY);
    }

    private void add(Change change, long cost) {
        changes.add(change);
        bytes += cost;
    }

    List<Change> changes() {
        return changes;
    }

    boolean isEmpty() {
        return changes.isEmpty();
    }

    int size() {
        return changes.size();
    }

    /** How many of the changes are rows or emitted events. */
    int rows() {
        return rows;
    }

    /** About what it takes in memory. */
    long bytes() {
        return bytes;
    }
}

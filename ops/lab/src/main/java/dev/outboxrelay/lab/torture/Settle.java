package dev.outboxrelay.lab.torture;

import org.jspecify.annotations.Nullable;

/** What the relay is told to do with a row whose event is stored. */
enum Settle {
    MARK,
    KEEP,
    DELETE;

    /** What is wrong with the row of a stored event; null when nothing is. */
    @Nullable
    String wrongWhenStored(Expected.@Nullable Row row) {
        if (this == DELETE) {
            return row == null ? null : "the row is still there, " + row.status();
        }
        if (row == null) {
            return "the row is gone";
        }
        String wanted = this == MARK ? "published" : "pending";
        if (!row.status().equals(wanted)) {
            return "status " + row.status() + " instead of " + wanted;
        }
        return row.published() == (this == MARK) ? null : "published_at is " + (row.published() ? "set" : "missing");
    }

    /** What is wrong with the row of a dead letter; null when nothing is. */
    @Nullable
    String wrongWhenDead(Expected.@Nullable Row row) {
        if (row == null) {
            return "the row is gone";
        }
        String wanted = this == MARK ? "failed" : "pending";
        return row.status().equals(wanted) ? null : "status " + row.status() + " instead of " + wanted;
    }
}

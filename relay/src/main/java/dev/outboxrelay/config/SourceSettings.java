package dev.outboxrelay.config;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which tables are tailed and how the engine reads them ({@code outbox.source.*}).
 *
 * @param table the outbox table in the native layout ({@code outbox.source.table})
 * @param tables further tables, each with its own layout ({@code outbox.source.tables[i].*})
 * @param reader what reads the rows
 * @param pollInterval the lean reader's pause between two looks at an idle slot, a quarter of the longest; how long the
 *     stock one waits for more before it hands over what it has
 * @param maxBatch most rows that are handed over at once
 * @param queueBytes memory for rows between the reading thread and the relay, in bytes
 * @param backlog what becomes of rows that are pending and that the slot does not hold
 */
public record SourceSettings(
        TableMapping table,
        List<TableMapping> tables,
        Reader reader,
        Duration pollInterval,
        int maxBatch,
        long queueBytes,
        PendingMode backlog) {

    public SourceSettings {
        tables = List.copyOf(tables);
    }

    /** Every tailed table, {@link #table()} first. */
    public List<TableMapping> all() {
        return Stream.concat(Stream.of(table), tables.stream()).toList();
    }
}

package dev.outboxrelay.source;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.TableName;
import io.debezium.config.Configuration;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the lean task needs to know, on its way through the engine's properties: the engine makes the task from its
 * class and gives it nothing else.
 *
 * @param wanted the columns that are read, by table
 * @param batchRows most changes of one batch
 * @param queueBytes memory for rows that were read and not yet handed over
 * @param statusInterval how often the server hears that we are alive
 * @param idlePause the pause between two looks at an idle slot
 */
record LeanSettings(
        String slot,
        String publication,
        Map<TableName, List<String>> wanted,
        int batchRows,
        long queueBytes,
        Duration statusInterval,
        Duration idlePause) {

    private static final String COLUMNS = "outbox.columns";
    private static final String IDLE_PAUSE = "outbox.idle.pause.ms";

    /** Puts what the engine's own properties do not say beside them. */
    static void write(Settings settings, Properties properties) {
        properties.setProperty(COLUMNS, columns(settings.source().all()));
        properties.setProperty(
                IDLE_PAUSE, Long.toString(settings.source().pollInterval().toMillis()));
    }

    static LeanSettings read(Configuration properties) {
        return new LeanSettings(
                properties.getString("slot.name"),
                properties.getString("publication.name"),
                columns(properties.getString(COLUMNS)),
                properties.getInteger("max.batch.size"),
                properties.getLong("max.queue.size.in.bytes"),
                Duration.ofMillis(properties.getLong("status.update.interval.ms")),
                Duration.ofMillis(properties.getLong(IDLE_PAUSE)));
    }

    /** {@code schema.table=column,column;…}: none of these characters can be in a name. */
    private static String columns(List<TableMapping> tables) {
        return Stream.concat(
                        tables.stream().map(table -> columns(table.name(), table.columns())),
                        Stream.of(columns(Change.PolicyChanged.TABLE, Change.PolicyChanged.COLUMNS)))
                .collect(Collectors.joining(";"));
    }

    private static String columns(TableName table, List<String> columns) {
        return table + "=" + String.join(",", columns);
    }

    private static Map<TableName, List<String>> columns(String text) {
        Map<TableName, List<String>> wanted = new HashMap<>();
        for (String entry : text.split(";", -1)) {
            int equals = entry.indexOf('=');
            wanted.put(
                    TableName.parse(entry.substring(0, equals)).orElseThrow(),
                    List.copyOf(Arrays.asList(entry.substring(equals + 1).split(",", -1))));
        }
        return wanted;
    }
}

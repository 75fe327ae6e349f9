package dev.outboxrelay.decode;

import dev.outboxrelay.config.Preset;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads rows of every mapped table as events. Never throws for what a row holds. Immutable and thread-safe. */
public final class Decoder {

    private final Map<TableName, TableMapping> mappings;

    public Decoder(List<TableMapping> mappings) {
        this.mappings =
                mappings.stream().collect(Collectors.toUnmodifiableMap(TableMapping::name, Function.identity()));
    }

    /**
     * Reads one row.
     *
     * @throws IllegalArgumentException when the table is not mapped: the publication brings more than was configured
     */
    public Decoded decode(Change.Inserted row) {
        TableMapping mapping = mappings.get(row.table());
        if (mapping == null) {
            throw new IllegalArgumentException("a row of " + row.table() + " arrived, which is not a configured table");
        }
        Reader reader = new Reader(row.columns());
        String id = reader.text("id");
        String tenant = reader.text(mapping.tenantColumn());
        String subject = mapping.subject().render(reader::text);
        Payload payload = reader.payload();
        String headers = mapping.preset() == Preset.NATIVE ? reader.optionalText("headers") : null;
        if (!EventId.isValid(EventId.text(mapping.name(), id))) {
            reader.problems.add("its id is empty, too long or not printable ASCII");
            id = EventId.MADE_UP + row.origin().lsn() + '/' + MadeUpId.of(id, tenant, subject, headers, payload);
        }
        OutboxEvent event = new OutboxEvent(
                EventId.of(mapping.name(), id),
                new RowRef(mapping.name(), id),
                tenant,
                subject,
                headers,
                payload,
                row.origin());
        return reader.problems.isEmpty()
                ? new Decoded.Event(event)
                : new Decoded.Malformed(event, "row of " + mapping.name() + ": " + String.join("; ", reader.problems));
    }

    /** Reads columns and collects what is wrong, so that a dead letter names all of it at once. */
    private static final class Reader {

        private final Columns columns;
        private final List<String> problems = new ArrayList<>();

        Reader(Columns columns) {
            this.columns = columns;
        }

        String text(String column) {
            String value = optionalText(column);
            if (value == null) {
                String problem = "column " + column + " is null or not in the publication";
                if (!problems.contains(problem)) {
                    problems.add(problem);
                }
                return "";
            }
            return value;
        }

        @Nullable
        String optionalText(String column) {
            Object value = columns.get(column);
            if (value == null) {
                return null;
            }
            if (value instanceof String || value instanceof Number || value instanceof Boolean) {
                return value.toString();
            }
            problems.add("column " + column + " is of a type that is no text");
            return null;
        }

        /** Bytes as they are, text as UTF-8, null as no bytes. */
        Payload payload() {
            Object value = columns.get("payload");
            if (value == null) {
                return Payload.EMPTY;
            }
            if (value instanceof byte[] bytes) {
                return Payload.of(bytes);
            }
            if (value instanceof String text) {
                return Payload.of(text.getBytes(StandardCharsets.UTF_8));
            }
            problems.add("column payload is neither bytes nor text");
            return Payload.EMPTY;
        }
    }
}

package dev.outboxrelay.dlq;

import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** What the database knows of one event, on one connection under an operator's role. One thread. */
public final class EventDesk extends Desk {

    private static final String ROW = "SELECT tenant_id, subject, headers::text, status, created_at, published_at"
            + " FROM outbox.message WHERE id = ?";

    private EventDesk(PostgresSettings settings) throws DeskException {
        super(settings, "event");
    }

    /** Connects. */
    public static EventDesk open(PostgresSettings settings) throws DeskException {
        return new EventDesk(settings);
    }

    /** Its row, where it is one of {@code outbox.message} and still there. */
    public Optional<OutboxRow> row(EventId event) throws DeskException {
        Optional<UUID> key = key(event);
        if (key.isEmpty()) {
            return Optional.empty();
        }
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement(ROW)) {
                statement.setObject(1, key.get());
                try (ResultSet row = statement.executeQuery()) {
                    if (!row.next()) {
                        return Optional.empty();
                    }
                    OffsetDateTime published = row.getObject(6, OffsetDateTime.class);
                    return Optional.of(new OutboxRow(
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getString(4),
                            row.getObject(5, OffsetDateTime.class).toInstant(),
                            published == null ? null : published.toInstant()));
                }
            }
        });
    }

    /** The key of its row in {@code outbox.message}; empty when the id cannot be one. */
    public static Optional<UUID> key(EventId event) {
        RowRef row = RowRef.of(event);
        try {
            UUID key = UUID.fromString(row.id());
            return row.table().equals(TableName.OUTBOX_MESSAGE)
                            && key.toString().equalsIgnoreCase(row.id())
                    ? Optional.of(key)
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Its letters: its own, and those of consumers that gave it up. */
    public List<Letter> letters(EventId event) throws DeskException {
        Where where = new LetterFilter(
                        settings.slot(), null, null, null, null, null, null, Set.of(), Set.of(event.value()))
                .where();
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT " + LetterDesk.COLUMNS
                    + " FROM outbox.dead_letter WHERE " + where.sql() + " ORDER BY seq + 0 LIMIT 100")) {
                where.bind(connection, statement, 1);
                try (ResultSet rows = statement.executeQuery()) {
                    List<Letter> letters = new ArrayList<>();
                    while (rows.next()) {
                        letters.add(LetterDesk.letter(rows));
                    }
                    return letters;
                }
            }
        });
    }
}

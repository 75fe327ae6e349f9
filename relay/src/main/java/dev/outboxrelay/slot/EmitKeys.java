package dev.outboxrelay.slot;

import dev.outboxrelay.decode.EmitKey;
import dev.outboxrelay.event.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys of {@code outbox.emit_key}; none where the schema is older than version 7.
 *
 * @param upTo whatever begins before this position in the WAL, and was sealed, was sealed with one of them
 */
public record EmitKeys(Lsn upTo, List<EmitKey> keys) {

    /** Nothing is known yet. */
    public static final EmitKeys UNKNOWN = new EmitKeys(Lsn.NONE, List.of());

    private static final String LOOK = "SELECT pg_catalog.pg_current_wal_insert_lsn()::text,"
            + " pg_catalog.to_regclass('outbox.emit_key') IS NOT NULL";

    private static final String KEYS = "SELECT key FROM outbox.emit_key ORDER BY seq DESC";

    public EmitKeys {
        keys = List.copyOf(keys);
    }

    static EmitKeys read(Connection connection) throws SQLException {
        Lsn upTo;
        // in statements of their own: the keys are to be those that can be seen after the position was read
        try (PreparedStatement statement = connection.prepareStatement(LOOK);
                ResultSet row = statement.executeQuery()) {
            row.next();
            upTo = Lsn.parse(row.getString(1));
            if (!row.getBoolean(2)) {
                return new EmitKeys(upTo, List.of());
            }
        }
        try (PreparedStatement statement = connection.prepareStatement(KEYS);
                ResultSet rows = statement.executeQuery()) {
            List<EmitKey> keys = new ArrayList<>();
            while (rows.next()) {
                keys.add(new EmitKey(rows.getBytes(1)));
            }
            return new EmitKeys(upTo, keys);
        }
    }
}

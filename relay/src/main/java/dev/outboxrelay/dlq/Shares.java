package dev.outboxrelay.dlq;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Which slot has which tenant, where several share them ({@code schema/optional/several-slots.sql}). A stream has one
 * publisher, the relay of its tenant's slot: what another one is asked to send would break into the order.
 */
final class Shares {

    private static final String SHARED = "SELECT pg_catalog.to_regclass('outbox.share') IS NOT NULL";

    private static final String SLOTS = "SELECT t.tenant, s.slot FROM pg_catalog.unnest(?::text[]) AS t (tenant)"
            + " JOIN outbox.share s ON outbox.bucket(t.tenant) = ANY (s.buckets)";

    private Shares() {}

    /** The slots of these tenants as they are now; empty where there is one slot, or nobody has said who has whom. */
    static Map<String, String> slots(Connection connection, Collection<String> tenants) throws SQLException {
        if (tenants.isEmpty() || !areShared(connection)) {
            return Map.of();
        }
        Array array = connection.createArrayOf("text", tenants.toArray());
        try (PreparedStatement statement = connection.prepareStatement(SLOTS)) {
            statement.setArray(1, array);
            try (ResultSet rows = statement.executeQuery()) {
                Map<String, String> slots = new HashMap<>();
                while (rows.next()) {
                    slots.put(rows.getString(1), rows.getString(2));
                }
                return slots;
            }
        } finally {
            array.free();
        }
    }

    private static boolean areShared(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SHARED);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getBoolean(1);
        }
    }
}

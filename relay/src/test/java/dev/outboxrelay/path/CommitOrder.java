package dev.outboxrelay.path;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Reads what was committed from a slot of the test's own, without confirming it: the server's word on commit order,
 * taken without any code of the relay (PostgreSQL documentation, "Logical Replication Message Formats", version 1).
 *
 * <p>Every table in the publication but that of changed policies must have its id first and its tenant second.
 */
final class CommitOrder {

    private static final String PEEK = "SELECT data FROM pg_logical_slot_peek_binary_changes("
            + "?, NULL, NULL, 'proto_version', '1', 'publication_names', 'outbox', 'messages', 'true')";

    private CommitOrder() {}

    /** The ids, as in Nats-Msg-Id, of every committed row and emitted event by tenant, in commit order. */
    static Map<String, List<String>> read(Connection connection, String slot) throws SQLException {
        Map<Integer, String> prefixes = new HashMap<>();
        Map<String, List<String>> ids = new TreeMap<>();
        connection.setAutoCommit(false);
        try (PreparedStatement statement = connection.prepareStatement(PEEK)) {
            statement.setString(1, slot);
            statement.setFetchSize(5_000);
            try (ResultSet messages = statement.executeQuery()) {
                while (messages.next()) {
                    read(ByteBuffer.wrap(messages.getBytes(1)), prefixes, ids);
                }
            }
        }
        return ids;
    }

    private static void read(ByteBuffer message, Map<Integer, String> prefixes, Map<String, List<String>> ids) {
        byte type = message.get();
        if (type == 'R') {
            int relation = message.getInt();
            String table = zeroTerminated(message) + '.' + zeroTerminated(message);
            if (table.equals("outbox.policy_change")) {
                prefixes.remove(relation);
            } else {
                prefixes.put(relation, table.equals("outbox.message") ? "" : table + ':');
            }
        } else if (type == 'I') {
            String prefix = prefixes.get(message.getInt());
            if (prefix == null) {
                return; // a changed policy is no event
            }
            message.get();
            message.getShort();
            String id = column(message);
            ids.computeIfAbsent(column(message), unused -> new ArrayList<>()).add(prefix + id);
        } else if (type == 'M' && message.get() == 1) {
            message.getLong();
            if (zeroTerminated(message).equals("outbox.emit")) {
                message.getInt();
                message.position(message.position() + 33); // version and seal
                String id = "outbox.emit:" + new UUID(message.getLong(), message.getLong());
                counted(message); // the slot
                ids.computeIfAbsent(counted(message), unused -> new ArrayList<>())
                        .add(id);
            }
        }
    }

    /** A text behind its length. */
    private static String counted(ByteBuffer message) {
        byte[] text = new byte[message.getInt()];
        message.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private static String zeroTerminated(ByteBuffer message) {
        java.io.ByteArrayOutputStream text = new java.io.ByteArrayOutputStream();
        for (byte b = message.get(); b != 0; b = message.get()) {
            text.write(b);
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    /** A column's text, empty for null. */
    private static String column(ByteBuffer message) {
        if (message.get() != 't') {
            return "";
        }
        return counted(message);
    }
}

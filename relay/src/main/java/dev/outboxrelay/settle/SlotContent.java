package dev.outboxrelay.settle;

import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.TableName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which events a slot is going to bring, without moving it (PostgreSQL documentation, "Logical Replication Message
 * Formats", version 1). Nobody reads the slot meanwhile.
 */
final class SlotContent {

    private static final Logger log = LoggerFactory.getLogger(SlotContent.class);

    /** More ids would take too much memory. */
    private static final int MOST = 1_000_000;

    /** Each message has its whole row in it. */
    private static final int FETCH = 50;

    private static final String PEEK = "SELECT data FROM pg_catalog.pg_logical_slot_peek_binary_changes(?, NULL, ?,"
            + " 'proto_version', '1', 'publication_names', ?)";

    /** A table that is mapped, and the place of its id among the columns. */
    private record Relation(TableName table, int id) {}

    private final Map<TableName, TableMapping> mappings;
    private final Map<Integer, Relation> relations = new HashMap<>();
    private final IdSet ids = new IdSet();

    private SlotContent(Collection<TableMapping> mappings) {
        this.mappings = mappings.stream().collect(Collectors.toMap(TableMapping::name, Function.identity()));
    }

    /**
     * The ids of all events that were committed and flushed until now and are in the slot; empty when they are too many
     * or cannot be read.
     *
     * @param connection in no transaction
     */
    static Optional<IdSet> peek(
            Connection connection, String slot, String publication, Collection<TableMapping> mappings)
            throws SQLException {
        SlotContent content = new SlotContent(mappings);
        connection.setAutoCommit(false);
        try (PreparedStatement statement = connection.prepareStatement(PEEK)) {
            statement.setString(1, slot);
            statement.setInt(2, 4 * MOST);
            statement.setString(3, '"' + publication.replace("\"", "\"\"") + '"');
            statement.setFetchSize(FETCH);
            int messages = 0;
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    content.read(ByteBuffer.wrap(row.getBytes(1)));
                    messages++;
                }
            }
            boolean all = messages < 4 * MOST && content.ids.size() <= MOST;
            if (!all) {
                log.info(
                        "slot {} holds many events already: those of them that are pending are read from their tables"
                                + " too, and go out in the order in which they were inserted",
                        slot);
            }
            return all ? Optional.of(content.ids) : Optional.empty();
        } catch (SQLException e) {
            if (connection.isClosed()) {
                throw e;
            }
            log.atInfo()
                    .addKeyValue("slot", slot)
                    .addKeyValue("error", e.getMessage())
                    .log("what the slot holds cannot be read beforehand");
            return Optional.empty();
        } finally {
            if (!connection.isClosed()) {
                connection.rollback();
            }
        }
    }

    private void read(ByteBuffer message) {
        byte type = message.get();
        if (type == 'R') {
            relation(message);
        } else if (type == 'I') {
            Relation relation = relations.get(message.getInt());
            if (relation != null && ids.size() <= MOST) {
                insert(relation, message);
            }
        }
    }

    private void relation(ByteBuffer message) {
        int oid = message.getInt();
        Optional<TableName> name = TableName.parse(text(message) + '.' + text(message));
        message.get(); // the replica identity
        int columns = message.getShort();
        TableMapping mapping = name.map(mappings::get).orElse(null);
        relations.remove(oid);
        for (int i = 0; i < columns; i++) {
            message.get();
            String column = text(message);
            message.getInt();
            message.getInt();
            if (mapping != null && column.equals(mapping.id())) {
                relations.put(oid, new Relation(mapping.name(), i));
            }
        }
    }

    private void insert(Relation relation, ByteBuffer message) {
        message.get(); // a new tuple
        int columns = message.getShort();
        for (int i = 0; i < columns; i++) {
            if (message.get() == 't') {
                byte[] value = new byte[message.getInt()];
                message.get(value);
                if (i == relation.id()) {
                    ids.add(EventId.text(relation.table(), new String(value, StandardCharsets.UTF_8)));
                    return;
                }
            }
        }
    }

    private static String text(ByteBuffer message) {
        int begin = message.position();
        while (message.get() != 0) {
            // up to the end of the text
        }
        byte[] bytes = new byte[message.position() - begin - 1];
        message.get(begin, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}

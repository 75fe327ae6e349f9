package dev.outboxrelay.source;

import io.debezium.connector.postgresql.PostgresChangeRecordEmitter;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresPartition;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.MessageDecoderContext;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.pgoutput.PgOutputMessageDecoder;
import io.debezium.relational.TableId;
import io.debezium.util.Clock;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.connect.data.Struct;
import org.jspecify.annotations.Nullable;

/**
 * Rows as the engine decodes and converts them: for tables with a wanted column of a type of which the engine knows
 * more than we do (enums, domains, times of day, arrays). Slower, and the same values as the stock reader's. On the
 * thread that reads the WAL.
 */
final class StockRows implements PgOutput.EngineRows {

    private final PostgresConnection connection;
    private final PostgresSchema schema;
    private final PostgresConnectorConfig config;
    private final PgOutputMessageDecoder decoder;

    StockRows(PostgresConnection connection, PostgresSchema schema, PostgresConnectorConfig config) {
        this.connection = connection;
        this.schema = schema;
        this.config = config;
        this.decoder = new PgOutputMessageDecoder(new MessageDecoderContext(config, schema), connection);
    }

    @Override
    public void describe(ByteBuffer message) throws SQLException, InterruptedException {
        decode(message);
    }

    @Override
    public WantedValues values(ByteBuffer message, Relation relation) throws SQLException, InterruptedException {
        List<ReplicationMessage> rows = decode(message);
        TableId table =
                new TableId(null, relation.table().schema(), relation.table().table());
        Struct row = schema.schemaFor(table).valueFromColumnData(new Values(table, rows.get(0)).inserted());
        return new WantedValues(
                relation.wanted(),
                relation.absent(),
                relation.wanted().stream()
                        .map(column -> StructColumns.value(row, column))
                        .toArray());
    }

    private List<ReplicationMessage> decode(ByteBuffer message) throws SQLException, InterruptedException {
        List<ReplicationMessage> decoded = new ArrayList<>(1);
        decoder.processNotEmptyMessage(message, decoded::add, connection.getTypeRegistry());
        return decoded;
    }

    /** The engine keeps to itself how it turns a message into values, except from subclasses. */
    private final class Values extends PostgresChangeRecordEmitter {

        Values(TableId table, ReplicationMessage row) {
            super(
                    new PostgresPartition(config.getLogicalName(), config.databaseName()),
                    null,
                    Clock.SYSTEM,
                    config,
                    schema,
                    connection,
                    table,
                    row);
        }

        @Nullable
        Object[] inserted() {
            return getNewColumnValues();
        }
    }
}

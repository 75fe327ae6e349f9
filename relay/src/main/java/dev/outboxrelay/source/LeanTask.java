package dev.outboxrelay.source;

import io.debezium.config.Configuration;
import io.debezium.connector.common.CdcSourceTaskContext;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresPartition;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * The engine's own task, except for the way that rows take: the replication stream decodes them into batches by itself,
 * and polling takes the batches from it. Everything else (connections, slot, streaming loop, offsets and their flush,
 * errors, stopping) is the engine's. Public because the engine makes it from its class.
 *
 * <p>A record of this task holds a {@link Batch}. An empty one comes when nothing else has come for a while, so that
 * whoever settles is asked regularly what may be confirmed.
 */
public final class LeanTask extends PostgresConnectorTask {

    /** As many full batches as the engine's own queue would hold. */
    private static final int QUEUED_BATCHES = 2;

    private static final Duration TICK = Duration.ofMillis(200);

    private @Nullable LeanSettings settings;
    private @Nullable Handover handover;
    private Map<String, String> partition = Map.of();
    private String topic = "";

    @Override
    public CdcSourceTaskContext<PostgresConnectorConfig> preStart(Configuration config) {
        settings = LeanSettings.read(config);
        return super.preStart(config);
    }

    /** Called while the task starts, on the thread that starts it. */
    @Override
    protected ReplicationConnection buildReplicationConnection(
            PostgresConnection connection, PostgresSchema schema, PostgresConnectorConfig config) throws SQLException {
        LeanSettings all = Objects.requireNonNull(settings, "the engine calls preStart first");
        Handover rows = new Handover(all.queueBytes(), QUEUED_BATCHES * all.batchRows());
        handover = rows;
        topic = config.getLogicalName();
        partition = new PostgresPartition(topic, config.databaseName()).getSourcePartition();
        PgOutput output = new PgOutput(all.wanted(), new StockRows(connection, schema, config));
        // never over the replication connection: its process would decode the WAL with what the query has put into its
        // caches, tables as they are now, and crash the server where a column's type has changed
        ValueForm form = ValueForm.choose(connection.connection(), all);
        connection.commit();
        if (form.isBinary()) {
            output.expectBinary();
        }
        return new LeanConnection(
                super.buildReplicationConnection(connection, schema, config), all, output, rows, form);
    }

    @Override
    public List<SourceRecord> doPoll() throws InterruptedException {
        Handover rows = handover;
        if (rows == null) {
            return super.doPoll();
        }
        Batch batch = rows.take(TICK);
        if (batch == null) {
            // throws whatever has ended the reading thread; nothing else is in the engine's own queue
            List<SourceRecord> own = super.doPoll();
            if (!own.isEmpty() || !rows.isOpen()) {
                return own;
            }
            batch = new Batch();
        }
        return List.of(new SourceRecord(partition, Map.of(), topic, null, batch));
    }
}

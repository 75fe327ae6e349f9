package dev.outboxrelay.source;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.connector.postgresql.spi.SlotCreationResult;
import io.debezium.jdbc.JdbcConnection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/** The engine's replication connection, from which a stream of our own is started. Threads as the engine has them. */
final class LeanConnection implements ReplicationConnection {

    private final ReplicationConnection engine;
    private final JdbcConnection connection;
    private final LeanSettings settings;
    private final PgOutput output;
    private final Handover handover;
    private final ValueForm form;

    /** @param engine the engine's own connection, which is a JDBC connection too */
    LeanConnection(
            ReplicationConnection engine, LeanSettings settings, PgOutput output, Handover handover, ValueForm form) {
        this.engine = engine;
        this.connection = (JdbcConnection) engine;
        this.settings = settings;
        this.output = output;
        this.handover = handover;
        this.form = form;
    }

    /** Starts at the slot's confirmed position; the slot is ours when this returns. */
    @Override
    public ReplicationStream startStreaming(WalPositionLocator unused) throws SQLException, InterruptedException {
        engine.initConnection();
        PGReplicationStream stream = connection
                .connection()
                .unwrap(PGConnection.class)
                .getReplicationAPI()
                .replicationStream()
                .logical()
                .withSlotName('"' + settings.slot() + '"')
                .withStartPosition(LogSequenceNumber.INVALID_LSN)
                // the driver must not confirm behind our back: it would pass rows that nobody has settled
                .withAutomaticFlush(false)
                .withSlotOption("proto_version", 1)
                .withSlotOption("publication_names", '"' + settings.publication() + '"')
                .withSlotOption("messages", true)
                .withSlotOption("binary", form.isBinary())
                .withStatusInterval(Math.toIntExact(settings.statusInterval().toMillis()), TimeUnit.MILLISECONDS)
                .start();
        handover.open();
        return new LeanStream(stream, output, handover, settings, form);
    }

    /**
     * Never called by an engine that starts without an offset.
     *
     * @throws IllegalStateException always: a stream that resumes from an offset in memory skips rows that share an LSN
     */
    @Override
    public ReplicationStream startStreaming(Lsn offset, WalPositionLocator unused) {
        throw new IllegalStateException("the engine wants to resume from " + offset
                + " instead of the slot's confirmed position: only a new engine may start");
    }

    @Override
    public Optional<SlotCreationResult> createReplicationSlot() throws SQLException {
        return engine.createReplicationSlot();
    }

    @Override
    public void initConnection() throws SQLException, InterruptedException {
        engine.initConnection();
    }

    @Override
    public boolean isConnected() throws SQLException {
        return engine.isConnected();
    }

    @Override
    public void reconnect() throws SQLException {
        engine.reconnect();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}

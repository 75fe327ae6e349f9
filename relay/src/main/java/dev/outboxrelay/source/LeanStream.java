package dev.outboxrelay.source;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The slot's stream, decoded as it is read and handed over in batches.
 *
 * <p>The engine's streaming loop calls {@link #readPending} again and again on one thread; the message processor that
 * it passes is never called. Any thread may flush.
 */
final class LeanStream implements ReplicationStream {

    /** Most memory of one batch, in bytes. */
    private static final long BATCH_BYTES = 512 * 1024;

    private static final Logger log = LoggerFactory.getLogger(LeanStream.class);

    /** Messages in one call: between calls the engine sees whether it is to stop. */
    private static final int RUN = 10_000;

    /** How long a call may wait for room or for messages, for the same reason. */
    private static final Duration CALL = Duration.ofMillis(50);

    /**
     * The least time between two batches that are not full: the first row after a silence goes at once, and those close
     * behind it go together.
     */
    private static final long APART_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** Which part of the time since the last row a pause may take. */
    private static final int IDLE_PART = 16;

    /** The same where it would be longer than the poll interval: not before the slot has been silent for seconds. */
    private static final int SILENT_PART = 250;

    /** So many poll intervals are the longest pause. */
    private static final int MOST_INTERVALS = 4;

    /** Gives a thread that wants to write to the connection the time to get hold of it. */
    private static final long YIELD_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    private final PGReplicationStream stream;
    private final PgOutput output;
    private final Handover handover;
    private final LeanSettings settings;
    private final ValueForm form;
    private final long batchBytes;
    private final AtomicInteger writers = new AtomicInteger();
    private Batch batch = new Batch();
    private long lastRow = System.nanoTime();
    private long lastHandedOver = lastRow;
    private @Nullable ExecutorService keepAlive;
    private volatile Lsn lastReceived = Lsn.INVALID_LSN;

    LeanStream(PGReplicationStream stream, PgOutput output, Handover handover, LeanSettings settings, ValueForm form) {
        this.stream = stream;
        this.output = output;
        this.handover = handover;
        this.settings = settings;
        this.form = form;
        this.batchBytes = Math.min(BATCH_BYTES, settings.queueBytes() / 4);
    }

    /** Reads what has arrived, for a while; false when it was nothing. */
    @Override
    public boolean readPending(ReplicationMessageProcessor unused) throws SQLException, InterruptedException {
        try {
            return run();
        } catch (SQLException | RuntimeException | Error e) {
            form.failed(e);
            handover.fail();
            throw e;
        }
    }

    private boolean run() throws SQLException, InterruptedException {
        long begin = System.nanoTime();
        int read = 0;
        while (read < RUN) {
            if (isFull() && !handOver(CALL)) {
                break;
            }
            letWrite();
            ByteBuffer message = stream.readPending();
            long now = System.nanoTime();
            if (message == null) {
                if (read > 0 || now - begin > CALL.toNanos()) {
                    handOverIfWanted();
                    break;
                }
                handOverIfWanted();
                idle(now);
                continue;
            }
            read++;
            long lsn = stream.getLastReceiveLSN().asLong();
            int rows = batch.rows();
            boolean whole = output.read(message, lsn, batch);
            if (batch.rows() > rows) {
                lastRow = now; // what moves an idle slot on is no reason to look more often
            }
            if (whole && handover.isEmpty() && now - lastHandedOver >= APART_NANOS) {
                handOver(Duration.ZERO);
            }
        }
        if (read > 0) {
            lastReceived = Lsn.valueOf(stream.getLastReceiveLSN());
        }
        return read > 0;
    }

    private boolean isFull() {
        return batch.size() >= settings.batchRows() || batch.bytes() >= batchBytes;
    }

    private void handOverIfWanted() throws InterruptedException {
        if (!batch.isEmpty() && handover.isEmpty()) {
            handOver(Duration.ZERO);
        }
    }

    private boolean handOver(Duration atMost) throws InterruptedException {
        boolean done = handover.offer(batch, atMost);
        if (done) {
            batch = new Batch();
            lastHandedOver = System.nanoTime();
        }
        return done;
    }

    /**
     * Pauses before the next look, the longer the slot has been idle: a row that comes then waits a small part of the
     * time that it took to come, and an idle slot costs little. A look itself waits a millisecond and sees a row at
     * once. It costs the processor a fifth of that, for the driver throws an exception when there is nothing.
     */
    private void idle(long now) {
        long silent = now - lastRow;
        long interval = settings.idlePause().toNanos();
        long pause = Math.max(
                Math.min(silent / IDLE_PART, interval), Math.min(silent / SILENT_PART, MOST_INTERVALS * interval));
        if (pause > YIELD_NANOS) {
            LockSupport.parkNanos(pause);
        }
    }

    /** The driver's lock is not fair, and a look at an empty connection holds it for a millisecond. */
    private void letWrite() {
        if (writers.get() > 0) {
            LockSupport.parkNanos(YIELD_NANOS);
        }
    }

    @Override
    public void read(ReplicationMessageProcessor unused) {
        throw new UnsupportedOperationException("the engine's loop reads what is pending");
    }

    @Override
    public void flushLsn(Lsn lsn) throws SQLException {
        LogSequenceNumber confirmed = lsn.asLogSequenceNumber();
        if (stream.getLastFlushedLSN().compareTo(confirmed) < 0) {
            stream.setFlushedLSN(confirmed);
        }
        if (stream.getLastAppliedLSN().compareTo(confirmed) < 0) {
            stream.setAppliedLSN(confirmed);
        }
        // a crash before this line means that what was confirmed comes again; after it, the server may forget it
        sendStatus();
    }

    private void sendStatus() throws SQLException {
        writers.incrementAndGet();
        try {
            stream.forceUpdateStatus();
        } finally {
            writers.decrementAndGet();
        }
    }

    @Override
    public Lsn lastReceivedLsn() {
        return lastReceived;
    }

    @Override
    public Lsn startLsn() {
        return Lsn.INVALID_LSN;
    }

    /** Tells the server that we are alive while nothing is read for want of room. */
    @Override
    public void startKeepAlive(ExecutorService service) {
        service.execute(() -> {
            try {
                while (!Thread.currentThread().isInterrupted()) {
                    sendStatus();
                    TimeUnit.MILLISECONDS.sleep(settings.statusInterval().toMillis());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (SQLException e) {
                // the reading thread meets the same failure and reports it
                log.atDebug().addKeyValue("error", e.getMessage()).log("status updates ended");
            }
        });
        keepAlive = service;
    }

    @Override
    public void stopKeepAlive() {
        ExecutorService running = keepAlive;
        keepAlive = null;
        if (running != null) {
            running.shutdownNow();
        }
    }

    @Override
    public void close() throws SQLException {
        stream.close();
    }
}

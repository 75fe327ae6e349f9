package dev.outboxrelay.source;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.postgres.Endpoint;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of the embedded Debezium engine: it reads the slot from its confirmed position and hands changes over in
 * commit order.
 *
 * <p>Nothing is stored but the slot's own position. It is confirmed only up to {@link Handler#confirmable()}, on the
 * engine's thread; a crash at any moment means that what was not confirmed comes again. Started once, stopped once; a
 * restart is a new object, because an engine that resumes from its own memory loses rows.
 */
public final class DebeziumSource {

    private static final Logger log = LoggerFactory.getLogger(DebeziumSource.class);
    private static final long STOP_SECONDS = 10;
    private static final AtomicLong RUNS = new AtomicLong();

    /** Who takes the changes. */
    public interface Handler {

        /**
         * The slot is ours and nothing has been handed over or confirmed yet. Called once, on the engine's thread.
         *
         * @return the position that the slot has confirmed
         */
        Lsn owned() throws InterruptedException;

        /** Changes in commit order, on the engine's thread; may block while there is no room for more. */
        void changes(List<Change> changes) throws InterruptedException;

        /** How far everything is settled. On the engine's thread. */
        Lsn confirmable();

        /**
         * The engine has stopped; called once, last.
         *
         * @param error why, when it was not asked to
         */
        void stopped(Optional<Throwable> error);
    }

    private final Handler handler;
    private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private final Thread thread;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch polling = new CountDownLatch(1);
    private @Nullable RecordReader reader;
    private Lsn marked = Lsn.NONE;

    /**
     * Prepares a run.
     *
     * @param endpoint the server to read from
     * @param login what the driver has to be told to be let in there
     * @param messagePrefix prefix of logical messages that only move the slot
     */
    public DebeziumSource(
            Settings settings, Endpoint endpoint, Map<String, String> login, String messagePrefix, Handler handler) {
        this.handler = handler;
        this.engine = DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                .using(properties(settings, endpoint, login, messagePrefix))
                .using(this::completed)
                .using(new DebeziumEngine.ConnectorCallback() {
                    @Override
                    public void pollingStarted() {
                        polling.countDown();
                    }
                })
                .notifying(this::handleBatch)
                .build();
        this.thread = new Thread(engine, "outbox-source");
        this.thread.setDaemon(true);
    }

    private static Properties properties(
            Settings settings, Endpoint endpoint, Map<String, String> login, String messagePrefix) {
        Properties properties = EngineProperties.of(settings, endpoint, login, messagePrefix);
        // an engine waits two minutes for the names of its metrics if one that was left behind still has them
        properties.setProperty("custom.metric.tags", "run=" + RUNS.incrementAndGet());
        return properties;
    }

    /** Starts the engine; returns at once. */
    public void start() {
        thread.start();
    }

    /** Whether the engine has ended, asked to or not. */
    public boolean hasEnded() {
        return ended.getCount() == 0;
    }

    /**
     * Stops the engine and waits for it, but for {@value #STOP_SECONDS} seconds at most. What is settled should have
     * been confirmed before: the engine interrupts the thread that does it.
     *
     * <p>An engine whose server says nothing any more does not stop in time. It is left behind: it hands nothing over,
     * what it may still confirm is settled, and the next start ends its connection to the slot.
     */
    public void stop() throws InterruptedException {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        Thread stopping = new Thread(this::closeEngine, "outbox-source-stop");
        stopping.setDaemon(true);
        stopping.start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
        stopping.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
        if (!ended.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            log.atWarn().addKeyValue("seconds", STOP_SECONDS).log("the engine does not stop and is left behind");
        }
    }

    private void closeEngine() {
        try {
            // the engine refuses to stop while its task is starting
            while (!polling.await(100, TimeUnit.MILLISECONDS) && ended.getCount() > 0) {
                log.debug("waiting for the engine to come up before stopping it");
            }
            engine.close();
        } catch (IOException | IllegalStateException e) {
            log.atDebug().addKeyValue("error", e.getMessage()).log("engine was stopping by itself");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void handleBatch(
            List<RecordChangeEvent<SourceRecord>> batch,
            DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
            throws InterruptedException {
        RecordReader open = reader;
        if (open == null) {
            Lsn confirmed = handler.owned();
            open = new RecordReader(confirmed);
            reader = open;
            marked = confirmed;
        }
        List<Change> changes = new ArrayList<>(batch.size());
        for (RecordChangeEvent<SourceRecord> record : batch) {
            open.read(record.record(), changes);
        }
        handler.changes(changes);
        Lsn confirmable = handler.confirmable();
        if (confirmable.compareTo(marked) > 0) {
            // a crash before this line means that everything since the last mark comes again; after it, nothing is lost
            // because all of it is settled
            committer.markProcessed(batch.get(batch.size() - 1), offsets(committer, confirmable));
            marked = confirmable;
        }
        committer.markBatchFinished();
    }

    /** The engine confirms {@code lsn_commit}; the other two are there because it expects them. */
    private static DebeziumEngine.Offsets offsets(DebeziumEngine.RecordCommitter<?> committer, Lsn lsn) {
        DebeziumEngine.Offsets offsets = committer.buildOffsets();
        offsets.set("lsn_commit", lsn.value());
        offsets.set("lsn_proc", lsn.value());
        offsets.set("lsn", lsn.value());
        return offsets;
    }

    private void completed(boolean success, String message, @Nullable Throwable error) {
        ended.countDown();
        polling.countDown();
        boolean asked = success || closing.get();
        handler.stopped(
                asked ? Optional.empty() : Optional.of(error == null ? new IllegalStateException(message) : error));
    }
}

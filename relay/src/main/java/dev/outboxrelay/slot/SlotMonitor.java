package dev.outboxrelay.slot;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.postgres.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the slot from outside the engine, and keeps it moving while the outbox is idle.
 *
 * <p>A slot is only confirmed up to what the engine has seen, and the engine sees nothing of other tables: while these
 * are written, WAL would pile up behind an idle outbox. So when the end of the WAL has moved, a small message outside
 * any transaction is written into it ({@code pg_logical_emit_message}); the engine reads past it and confirms.
 *
 * <p>It watches the publication too: what it no longer publishes is passed over without a word by the server, and by
 * PostgreSQL 18 even where the whole publication is gone.
 *
 * <p>One thread, one connection.
 */
public final class SlotMonitor implements AutoCloseable {

    /** Prefix of the messages; the engine drops them without handing them over. */
    public static final String MESSAGE_PREFIX = "outbox_relay";

    private static final Logger log = LoggerFactory.getLogger(SlotMonitor.class);
    private static final long PERIOD_MILLIS = 1_000;
    private static final long NUDGE_NANOS = TimeUnit.SECONDS.toNanos(3);
    /** Our own message, and the snapshots of running transactions that the server logs after it, are less than this. */
    private static final long NOISE_BYTES = 512;

    /** Who wants to know. */
    public interface Listener {
        /** The slot as it is now. */
        void slot(SlotState state);

        /** It could not be read. */
        void unknown(String why);

        /** Somebody streams from it, and the publication does not bring all that the mappings read. */
        void unpublished(Finding finding);
    }

    private final Database database;
    private final Settings settings;
    private final String slot;
    private final Listener listener;
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable Connection connection;
    private Lsn nudgedAt = Lsn.NONE;
    private long lastNudge = System.nanoTime() - NUDGE_NANOS;

    public SlotMonitor(Database database, Settings settings, Listener listener) {
        this.database = database;
        this.settings = settings;
        this.slot = settings.postgres().slot();
        this.listener = listener;
        this.thread = new Thread(this::loop, "outbox-slot-monitor");
        this.thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(1).toMillis());
            if (thread.isAlive()) {
                disconnect(); // it waits for an answer that may never come
                thread.join(Duration.ofSeconds(5).toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        try {
            while (!closed) {
                look();
                TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
            }
        } catch (InterruptedException e) {
            log.debug("slot monitor stopped");
        } finally {
            disconnect();
        }
    }

    private void look() {
        try {
            Connection open = connect();
            SlotState state = SlotState.read(open, slot);
            listener.slot(state);
            if (state.active()) {
                nudge(open, state);
                watchPublication(open);
            }
        } catch (SQLException e) {
            disconnect();
            listener.unknown(String.valueOf(e.getMessage()));
        }
    }

    private void watchPublication(Connection open) throws SQLException {
        List<Finding> findings = new ArrayList<>();
        new PublicationChecks(open, settings, findings).run();
        if (!findings.isEmpty()) {
            listener.unpublished(findings.get(0));
        }
    }

    private void nudge(Connection open, SlotState state) throws SQLException {
        Lsn reference = nudgedAt.compareTo(state.confirmed()) > 0 ? nudgedAt : state.confirmed();
        if (state.current().bytesSince(reference) < NOISE_BYTES || System.nanoTime() - lastNudge < NUDGE_NANOS) {
            return;
        }
        emit(open);
        lastNudge = System.nanoTime();
        nudgedAt = SlotState.read(open, slot).current();
    }

    /** Writes one message into the WAL, outside any transaction, so that the engine reads past this point soon. */
    public static void emit(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT pg_catalog.pg_logical_emit_message(false, ?, '')")) {
            statement.setString(1, MESSAGE_PREFIX);
            statement.execute();
        }
    }

    private Connection connect() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = database.open("slot monitor");
            connection = open;
        }
        return open;
    }

    private void disconnect() {
        Connection open = connection;
        connection = null;
        Database.discard(open);
    }
}

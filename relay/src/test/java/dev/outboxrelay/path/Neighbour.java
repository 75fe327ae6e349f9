package dev.outboxrelay.path;

import dev.outboxrelay.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An application that goes on writing events of one tenant, one every few milliseconds, until it is closed. */
final class Neighbour implements AutoCloseable {

    private static final long PAUSE_MILLIS = 10;

    private final Outbox outbox;
    private final String tenant;
    private final List<String> written = new ArrayList<>();
    private final Thread thread = new Thread(this::write, "neighbour");
    private volatile boolean stopping;
    private volatile @Nullable SQLException failure;

    private Neighbour(Outbox outbox, String tenant) {
        this.outbox = outbox;
        this.tenant = tenant;
    }

    static Neighbour start(Outbox outbox, String tenant) {
        Neighbour neighbour = new Neighbour(outbox, tenant);
        neighbour.thread.start();
        return neighbour;
    }

    private void write() {
        try (Connection writer = outbox.as(TestPostgres.WRITER)) {
            while (!stopping) {
                Row row = Row.of(tenant);
                Outbox.insert(writer, List.of(row));
                written.add(row.id());
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            }
        } catch (SQLException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What it wrote, in order; it writes no more. */
    List<String> stop() throws Exception {
        close();
        SQLException failed = failure;
        if (failed != null) {
            throw failed;
        }
        return List.copyOf(written);
    }

    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

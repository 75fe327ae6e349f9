package dev.outboxrelay.cli;

import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.streams.TenantDesk;
import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;

/** Pauses or resumes a tenant, and waits until the relay has done it. */
final class TenantWish {

    private static final long PATIENCE_SECONDS = 60;
    private static final long LOOK_MILLIS = 100;
    private static final long GONE_SECONDS = 5;

    private final TenantDesk desk;
    private final PrintWriter err;

    TenantWish(TenantDesk desk, PrintWriter err) {
        this.desk = desk;
        this.err = err;
    }

    /** Whether the relay has it; when not, it was said why. */
    boolean carryOut(String tenant, boolean paused) throws DatabaseException, InterruptedException {
        String position = desk.pause(tenant, paused);
        long begin = System.nanoTime();
        TenantDesk.Applied applied = desk.applied(position);
        while (applied != TenantDesk.Applied.YES) {
            long limit = applied == TenantDesk.Applied.NOBODY ? GONE_SECONDS : PATIENCE_SECONDS;
            if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(limit)) {
                err.println(
                        applied == TenantDesk.Applied.NOBODY
                                ? "No relay reads the slot: it will know as soon as one does. Look at outbox-relay run."
                                : "The relay has not got there in " + PATIENCE_SECONDS
                                        + " s: it is behind, or events before this still wait. Look at /api/status.");
                err.flush();
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            applied = desk.applied(position);
        }
        return true;
    }
}

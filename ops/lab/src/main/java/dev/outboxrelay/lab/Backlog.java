package dev.outboxrelay.lab;

import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Rows that wait before the relay is started. */
final class Backlog {

    private static final int TRANSACTION = 1_000;

    private Backlog() {}

    /** Inserts rows for tenants by turns, a thousand rows a transaction, and says how long it took. */
    static void insert(Servers servers, int rows, int bytes, int tenants) throws Exception {
        long begin = System.nanoTime();
        for (int done = 0; done < rows; done += 50 * TRANSACTION) {
            int upTo = Math.min(rows, done + 50 * TRANSACTION);
            servers.postgres()
                    .execute("DO $$ BEGIN FOR i IN " + done / TRANSACTION + ".." + (upTo / TRANSACTION - 1) + " LOOP"
                            + " INSERT INTO outbox.message (tenant_id, subject, payload)"
                            + " SELECT 'tenant-' || (g % " + tenants + "), 'events.bench.row', "
                            + "decode(rpad(md5(g::text), " + 2 * bytes + ", md5((g * 7)::text)), 'hex')"
                            + " FROM generate_series(i * " + TRANSACTION + ", i * " + TRANSACTION + " + "
                            + (TRANSACTION - 1) + ") g; COMMIT; END LOOP; END $$");
        }
        System.out.printf(
                Locale.ROOT,
                "%,d rows of %d bytes for %d tenants, %,d a transaction, inserted in %.0f s%n",
                rows,
                bytes,
                tenants,
                TRANSACTION,
                (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1));
    }
}

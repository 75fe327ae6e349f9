package dev.outboxrelay.lab;

import dev.outboxrelay.testing.TestPostgres;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Rows that wait before the relay is started. */
final class Backlog {

    private Backlog() {}

    /** Inserts rows for tenants by turns, a thousand rows a transaction, and says how long it took. */
    static void insert(Servers servers, int rows, int bytes, int tenants) throws Exception {
        long begin = System.nanoTime();
        Load load = new Load(rows, bytes, tenants);
        fill(servers.postgres(), load);
        System.out.printf(
                Locale.ROOT,
                "%,d rows of %d bytes for %d tenants, %,d a transaction, inserted in %.0f s%n",
                rows,
                bytes,
                tenants,
                load.transaction(),
                (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1));
    }

    /** Empties the outbox, gives the relay a new slot, and inserts anew: whatever was marked or deleted is back. */
    static void renew(Servers servers, Load load) throws Exception {
        clear(servers);
        refill(servers, load);
    }

    /** The same into an outbox that was emptied, behind the slot that there is. */
    static void refill(Servers servers, Load load) throws Exception {
        fill(servers.postgres(), load);
        // whoever comes next does not pay for our dirty pages, nor for an autovacuum that we made due
        servers.postgres().execute("VACUUM (ANALYZE) outbox.message");
        servers.postgres().execute("CHECKPOINT");
    }

    /** Empties the outbox and gives the relay a new slot. */
    static void clear(Servers servers) throws Exception {
        TestPostgres postgres = servers.postgres();
        postgres.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                + " WHERE slot_name = 'outbox_relay'");
        postgres.execute("TRUNCATE outbox.message");
        postgres.execute("SELECT pg_create_logical_replication_slot('outbox_relay', 'pgoutput')");
    }

    /** Each payload begins with a number that counts its tenant's rows. */
    private static void fill(TestPostgres postgres, Load load) throws Exception {
        int size = load.transaction();
        int transactions = load.rows() / size;
        for (int done = 0; done < transactions; done += 50) {
            int last = Math.min(transactions, done + 50) - 1;
            postgres.execute("DO $$ BEGIN FOR i IN " + done + ".." + last + " LOOP"
                    + " INSERT INTO outbox.message (tenant_id, subject, payload)"
                    + " SELECT 'tenant-' || (g % " + load.tenants() + "), 'events.bench.row', int8send(g / "
                    + load.tenants() + ") || decode(rpad(md5(g::text), " + 2 * (load.bytes() - Long.BYTES)
                    + ", md5((g * 7)::text)), 'hex')"
                    + " FROM generate_series(i * " + size + ", i * " + size + " + "
                    + (size - 1) + ") g; COMMIT; END LOOP; END $$");
        }
    }

    /** The tenant of a row, counted from 0. */
    static String tenant(long row, int tenants) {
        return "tenant-" + row % tenants;
    }
}

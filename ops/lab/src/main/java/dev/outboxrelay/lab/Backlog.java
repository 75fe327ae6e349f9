package dev.outboxrelay.lab;

import dev.outboxrelay.testing.TestPostgres;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Rows that wait before the relay is started. */
final class Backlog {

    private Backlog() {}

    private static final String INSERT = "INSERT INTO outbox.message (tenant_id, subject, payload) SELECT %s";
    private static final String EMIT = "PERFORM outbox.emit(%s)";

    /** Inserts rows for tenants by turns, a thousand rows a transaction, and says how long it took. */
    static void insert(Servers servers, int rows, int bytes, int tenants) throws Exception {
        write(servers, new Load(rows, bytes, tenants), INSERT, "rows", "inserted");
    }

    /** The same events without rows. */
    static void emit(Servers servers, int events, int bytes, int tenants) throws Exception {
        write(servers, new Load(events, bytes, tenants), EMIT, "events", "emitted");
    }

    private static void write(Servers servers, Load load, String statement, String what, String done) throws Exception {
        String before = servers.value("SELECT pg_current_wal_insert_lsn()");
        long begin = System.nanoTime();
        fill(servers.postgres(), load, statement);
        double seconds = (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
        long wal = Long.parseLong(String.valueOf(
                servers.value("SELECT (pg_current_wal_insert_lsn() - '" + before + "')::bigint / " + load.rows())));
        System.out.printf(
                Locale.ROOT,
                "%,d %s of %d bytes for %d tenants, %,d a transaction, %s in %.0f s, %,d bytes of WAL each%n",
                load.rows(),
                what,
                load.bytes(),
                load.tenants(),
                load.transaction(),
                done,
                seconds,
                wal);
    }

    /** Empties the outbox, gives the relay a new slot, and inserts anew: whatever was marked or deleted is back. */
    static void renew(Servers servers, Load load) throws Exception {
        clear(servers);
        refill(servers, load);
    }

    /** The same into an outbox that was emptied, behind the slot that there is. */
    static void refill(Servers servers, Load load) throws Exception {
        fill(servers.postgres(), load, INSERT);
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
    private static void fill(TestPostgres postgres, Load load, String statement) throws Exception {
        int size = load.transaction();
        int transactions = load.rows() / size;
        for (int done = 0; done < transactions; done += 50) {
            int last = Math.min(transactions, done + 50) - 1;
            postgres.execute("DO $$ BEGIN FOR i IN " + done + ".." + last + " LOOP"
                    + " "
                    + statement.formatted("'tenant-' || (g % " + load.tenants() + "), 'events.bench.row', int8send(g / "
                            + load.tenants() + ") || decode(rpad(md5(g::text), " + 2 * (load.bytes() - Long.BYTES)
                            + ", md5((g * 7)::text)), 'hex')")
                    + " FROM generate_series(i * " + size + ", i * " + size + " + "
                    + (size - 1) + ") g; COMMIT; END LOOP; END $$");
        }
    }

    /** The tenant of a row, counted from 0. */
    static String tenant(long row, int tenants) {
        return "tenant-" + row % tenants;
    }
}

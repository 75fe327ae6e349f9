package dev.outboxrelay.lab;

/** PostgreSQL's own client, which only receives: what the server can send at most. */
final class PgRecvlogical {

    private PgRecvlogical() {}

    /** Reads everything that the relay's slot holds, through a copy of it, and returns how many seconds it took. */
    static double receive(Servers servers) throws Exception {
        servers.postgres().execute("SELECT pg_copy_logical_replication_slot('outbox_relay', 'bench_copy')");
        double seconds = Decoding.received(servers, "bench_copy", servers.value("SELECT pg_current_wal_lsn()"));
        servers.postgres().execute("SELECT pg_drop_replication_slot('bench_copy')");
        return seconds;
    }
}

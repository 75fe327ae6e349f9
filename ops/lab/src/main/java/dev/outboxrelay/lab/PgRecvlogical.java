package dev.outboxrelay.lab;

/** PostgreSQL's own client, which only receives: what the server can send at most. */
final class PgRecvlogical {

    private PgRecvlogical() {}

    /** Reads everything that the relay's slot holds, through a copy of it, and returns how many seconds it took. */
    static double receive(Servers servers) throws Exception {
        try (SlotCopy slot = SlotCopy.of(servers, "bench_copy")) {
            return Decoding.received(servers, slot.name(), servers.value("SELECT pg_current_wal_lsn()"));
        }
    }
}

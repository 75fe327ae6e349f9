package dev.outboxrelay.lab;

import dev.outboxrelay.testing.Await;
import java.sql.SQLException;

/** A copy of the relay's slot: what the slot holds can be read again and again, each time through a new copy. */
record SlotCopy(Servers servers, String name) implements AutoCloseable {

    static SlotCopy of(Servers servers, String name) throws SQLException {
        servers.postgres().execute("SELECT pg_copy_logical_replication_slot('outbox_relay', '" + name + "')");
        return new SlotCopy(servers, name);
    }

    /** Whether somebody reads it. */
    boolean isActive() throws SQLException {
        return servers.value("SELECT active FROM pg_replication_slots WHERE slot_name = '" + name + "'")
                .equals("t");
    }

    /** Drops it, and ends whoever still reads it. */
    @Override
    public void close() throws SQLException {
        servers.postgres()
                .execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" + name
                        + "' AND active");
        Await.until("the slot is dropped", () -> {
            servers.postgres().execute("SELECT pg_drop_replication_slot('" + name + "')");
            return true;
        });
    }
}

package dev.outboxrelay;

import dev.outboxrelay.admin.Connection;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** What is known of one of the two ends, for health and status. Thread-safe. */
final class EndState {

    private final InstantSource clock;
    private volatile Connection state;

    EndState(InstantSource clock) {
        this.clock = clock;
        this.state = Connection.down(clock.instant(), null);
    }

    synchronized void up() {
        if (!state.connected()) {
            state = new Connection(true, clock.instant(), state.lastError());
        }
    }

    synchronized void down(@Nullable String error) {
        Instant since = state.connected() ? clock.instant() : state.since();
        state = Connection.down(since, error == null ? state.lastError() : error);
    }

    Connection state() {
        return state;
    }
}

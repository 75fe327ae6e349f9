package dev.outboxrelay.check;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One of the two systems: its facts, or why there are none.
 *
 * @param facts null where the system could not be reached
 * @param failure null where it could
 */
public record End<F>(@Nullable F facts, @Nullable Failure failure) {

    /**
     * Why a system could not be reached.
     *
     * @param kind an SQLSTATE for PostgreSQL; {@link #REFUSED}, {@link #TLS} or {@link #AWAY} for NATS
     * @param message in words, without credentials
     */
    public record Failure(String kind, String message) {

        /** The relay is let in, and may not look at everything. */
        public static final String LOOK = "look";

        /** PostgreSQL: no agreement on an encrypted connection, or a file with a secret that cannot be used. */
        public static final String UNTRUSTED = "untrusted";

        /** A server is there and does not let the relay in. */
        public static final String REFUSED = "refused";

        /** No agreement on an encrypted connection. */
        public static final String TLS = "tls";

        /** Nobody answers. */
        public static final String AWAY = "away";
    }

    /** It was looked at. */
    public static <F> End<F> of(F facts) {
        return new End<>(facts, null);
    }

    /** It was not. */
    public static <F> End<F> away(String kind, String message) {
        return new End<>(null, new Failure(kind, message));
    }

    /** Whether there are facts. */
    public boolean isReached() {
        return facts != null;
    }

    F get() {
        return Objects.requireNonNull(facts, "not reached");
    }
}

package dev.outboxrelay.check;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What mends something, ready to be pasted. Several of one finding belong together and are run in their order.
 *
 * @param kind where it goes
 * @param run the statement, the command, or the lines
 * @param then what has to follow before it counts, in words; null for nothing
 */
public record Remedy(Kind kind, String run, @Nullable String then) {

    /** Where a remedy goes. */
    public enum Kind {
        /** One statement, or one transaction, for psql in the outbox's database, as its owner or a superuser. */
        SQL,
        /** A command for a shell. */
        SHELL,
        /** Lines of the relay's own configuration file, keys written with dots. */
        RELAY,
        /** Lines of the configuration of nats-server. */
        NATS;

        /** As programs read it. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Remedy sql(String statement) {
        return new Remedy(Kind.SQL, statement, null);
    }

    static Remedy shell(String command) {
        return new Remedy(Kind.SHELL, command, null);
    }

    static Remedy relay(String line) {
        return new Remedy(Kind.RELAY, line, "restart the relay");
    }

    static Remedy nats(String lines, String then) {
        return new Remedy(Kind.NATS, lines, then);
    }

    Remedy then(String after) {
        return new Remedy(kind, run, after);
    }
}

package dev.outboxrelay.lab.torture;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Something that is broken, and for how long. Pure. */
sealed interface Fault {

    /** Which relays. */
    enum Target {
        LEADER,
        STANDBY,
        BOTH,
        /** The leader, and the one that takes over as soon as it leads. */
        LEADER_AND_SUCCESSOR
    }

    /** Which servers a leader's connections lead to. */
    enum End {
        POSTGRES,
        NATS
    }

    /** What becomes of connections. */
    enum Weather {
        /** Closed, and no new ones. */
        SEVERED,
        /** Open, and nothing comes through. */
        SILENT,
        /** Every chunk of bytes waits. */
        SLOW
    }

    /** What a relay process may suffer. */
    sealed interface OfRelay extends Fault {
        /** How many processes are killed with -9. */
        default int kills() {
            return 0;
        }
    }

    /** What a server, or the way to it, may suffer. */
    sealed interface OfServer extends Fault {}

    /**
     * What becomes of one tenant's stream. It lasts beside the steps that follow, which kill relays in the middle of
     * it.
     */
    sealed interface OfStream extends Fault {
        /** Where among the tenants the looking for one begins whose stream is there and unharmed. */
        int place();
    }

    /** {@code discard: new}, and no more messages than it holds; then as it was. */
    record FillStream(int place, Duration length) implements OfStream {
        @Override
        public String text() {
            return "full for " + seconds(length);
        }
    }

    /** {@code discard: new}, and no more bytes than it holds; then as it was. */
    record CrampStream(int place, Duration length) implements OfStream {
        @Override
        public String text() {
            return "out of bytes for " + seconds(length);
        }
    }

    /** Its subjects belong to another stream for a while: the server answers, and must store nothing there. */
    record CaptureSubjects(int place, Duration length) implements OfStream {
        @Override
        public String text() {
            return "without its subjects, which another stream takes, for " + seconds(length);
        }
    }

    /** A {@code max_msg_size} that many events exceed, which become dead letters; then as it was. */
    record LimitStream(int place, Duration length) implements OfStream {
        @Override
        public String text() {
            return "takes small messages only for " + seconds(length);
        }
    }

    /** Sealed for ever: archived and deleted once its tenant is parked, as a careful operator would. */
    record SealStream(int place) implements OfStream {
        @Override
        public String text() {
            return "sealed, and deleted once its tenant is parked";
        }
    }

    /** Full, and instead of getting room it is archived and deleted once its tenant is parked. */
    record DeleteFullStream(int place) implements OfStream {
        @Override
        public String text() {
            return "full, and deleted once its tenant is parked";
        }
    }

    /** Archived and deleted while its tenant's application is silent and everything that it wrote is there. */
    record DeleteQuietStream(int place) implements OfStream {
        @Override
        public String text() {
            return "deleted while nothing is written for it";
        }
    }

    /** {@code kill -9}, and a new process after the downtime. */
    record KillRelay(Target target, Duration down) implements OfRelay {
        @Override
        public int kills() {
            return target == Target.BOTH || target == Target.LEADER_AND_SUCCESSOR ? 2 : 1;
        }

        @Override
        public String text() {
            return "kill -9 " + word(target) + ", back after " + seconds(down);
        }
    }

    /** SIGSTOP, and SIGCONT after a while. */
    record FreezeRelay(Target target, Duration length) implements OfRelay {
        @Override
        public String text() {
            return "freeze " + word(target) + " for " + seconds(length);
        }
    }

    /** SIGTERM to the leader, and a new process after the downtime. */
    record EndLeader(Duration down) implements OfRelay {
        @Override
        public String text() {
            return "SIGTERM to the leader, back after " + seconds(down);
        }
    }

    /** Every process of the server is killed with -9, which to clients is its immediate stop. */
    record KillPostgres(Duration down) implements OfServer {
        @Override
        public String text() {
            return "immediate stop of PostgreSQL, back after " + seconds(down);
        }
    }

    record FreezePostgres(Duration length) implements OfServer {
        @Override
        public String text() {
            return "freeze PostgreSQL for " + seconds(length);
        }
    }

    /** Nodes are counted from 0. */
    record KillNats(List<Integer> nodes, Duration down) implements OfServer {
        @Override
        public String text() {
            return "kill -9 " + names(nodes) + ", back after " + seconds(down);
        }
    }

    record StopNats(int node, Duration down) implements OfServer {
        @Override
        public String text() {
            return "orderly stop of " + names(List.of(node)) + ", back after " + seconds(down);
        }
    }

    record FreezeNats(List<Integer> nodes, Duration length) implements OfServer {
        @Override
        public String text() {
            return "freeze " + names(nodes) + " for " + seconds(length);
        }
    }

    /** The leader's connections to one end. */
    record Link(End end, Weather weather, Duration length) implements OfServer {
        @Override
        public String text() {
            return "the leader's connections to " + end.name().toLowerCase(Locale.ROOT) + " "
                    + weather.name().toLowerCase(Locale.ROOT) + " for " + seconds(length);
        }
    }

    /**
     * Every stream loses its subjects and gets them back, several times a second, while the leader's connections are
     * slow: messages in the middle of a window are refused and those behind them would be taken.
     */
    record Flicker(Duration length) implements OfServer {
        @Override
        public String text() {
            return "streams lose and regain their subjects for " + seconds(length);
        }
    }

    /** What happens, for people. */
    String text();

    private static String word(Target target) {
        return switch (target) {
            case LEADER -> "the leader";
            case STANDBY -> "the standby";
            case BOTH -> "both relays";
            case LEADER_AND_SUCCESSOR -> "the leader and its successor";
        };
    }

    private static String names(List<Integer> nodes) {
        List<String> names = nodes.stream().map(node -> "n" + (node + 1)).toList();
        return "nats " + String.join(" and ", names);
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.2f s", duration.toMillis() / 1_000.0);
    }
}

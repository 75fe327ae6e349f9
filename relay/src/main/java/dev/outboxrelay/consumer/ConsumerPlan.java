package dev.outboxrelay.consumer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has to be done so that a stream has a consumer as it should be. What the server cannot change in place is a
 * conflict and never a deletion: a consumer that is made anew has forgotten what was acknowledged.
 */
public sealed interface ConsumerPlan {

    /** It is as it should be. */
    record Nothing() implements ConsumerPlan {}

    /** There is none. */
    record Create(ConsumerSpec spec) implements ConsumerPlan {}

    /**
     * It can be changed in place, without losing what it knows.
     *
     * @param differences in words, one each
     */
    record Update(ConsumerSpec spec, List<String> differences) implements ConsumerPlan {
        public Update {
            differences = List.copyOf(differences);
        }
    }

    /**
     * Only a person can mend it.
     *
     * @param differences in words, one each
     * @param hint what to do
     */
    record Conflict(List<String> differences, String hint) implements ConsumerPlan {
        public Conflict {
            differences = List.copyOf(differences);
        }

        /** All of it in one line. */
        public String text() {
            return String.join("; ", differences) + ". " + hint;
        }
    }

    /**
     * Compares.
     *
     * @param stream its stream, for the hint
     * @param everything what the stream takes: {@code tenant.<id>.>}
     * @param actual null when there is none of this name
     */
    static ConsumerPlan of(String stream, String everything, ConsumerSpec spec, @Nullable ConsumerActual actual) {
        if (actual == null) {
            return new Create(spec);
        }
        List<String> fixed = new ArrayList<>();
        if (!actual.pull()) {
            fixed.add("it is a push consumer, but a pull consumer is asked for");
        }
        if (!actual.explicitAck()) {
            fixed.add("its messages are not acknowledged one by one");
        }
        if (!fixed.isEmpty()) {
            return new Conflict(
                    fixed,
                    "NATS cannot change that in place. Once its application has stopped: nats consumer rm " + stream
                            + " " + spec.name() + "; the relay makes it anew, and it reads the stream from its first"
                            + " message. Or ask for a consumer of another name.");
        }
        List<String> differences = differences(everything, spec, actual);
        return differences.isEmpty() ? new Nothing() : new Update(spec, differences);
    }

    private static List<String> differences(String everything, ConsumerSpec spec, ConsumerActual actual) {
        List<String> differences = new ArrayList<>();
        List<String> filters =
                spec.filter() == null || spec.filter().equals(everything) ? List.of() : List.of(spec.filter());
        List<String> has =
                actual.filters().equals(List.of(everything)) || actual.filters().equals(List.of(">"))
                        ? List.of()
                        : actual.filters();
        differ(differences, "filter subject", shown(has), shown(filters));
        differ(differences, "ack wait", actual.ackWait(), spec.effectiveAckWait());
        differ(differences, "max ack pending", unbounded(actual.maxAckPending()), unbounded(spec.maxAckPending()));
        differ(differences, "max deliver", unbounded(actual.maxDeliver()), unbounded(spec.maxDeliver()));
        differ(differences, "backoff", shownPauses(actual.backoff()), shownPauses(spec.backoff()));
        return List.copyOf(differences);
    }

    private static void differ(List<String> differences, String what, Object is, Object shouldBe) {
        if (!is.equals(shouldBe)) {
            differences.add(what + " is " + shown(is) + " and should be " + shown(shouldBe));
        }
    }

    private static long unbounded(long bound) {
        return bound <= 0 ? -1 : bound;
    }

    private static String shown(List<String> filters) {
        return filters.isEmpty() ? "everything" : String.join(", ", filters);
    }

    private static String shownPauses(List<Duration> pauses) {
        return pauses.isEmpty()
                ? "none"
                : String.join(", ", pauses.stream().map(ConsumerPlan::shown).toList());
    }

    private static String shown(Object value) {
        if (value instanceof Duration wait) {
            return wait.toMillis() % 1000 == 0 ? wait.toSeconds() + " s" : wait.toMillis() + " ms";
        }
        return value.equals(-1L) ? "unlimited" : value.toString();
    }
}

package dev.outboxrelay.policy;

import dev.outboxrelay.config.Provision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done so that a stream fits its policy. Never a delete, and nothing that takes messages out of a stream
 * unless the policy has changed: when somebody else has changed the stream, only what costs no message is put back.
 *
 * @param act what to do
 * @param target the shape to give it; where something stands in the way, that part as it is
 * @param changes what will be different, in words
 * @param conflicts what differs and stays as it is, in words with a hint
 * @param drift whether the policy is the one that was applied before, so that somebody else changed the stream
 * @param batches whether it is to take atomic batches from now on; false leaves that as it is
 */
public record StreamPlan(
        Act act, StreamPolicy target, List<String> changes, List<String> conflicts, boolean drift, boolean batches) {

    /** What to do. */
    public enum Act {
        /** It fits, or nobody is to look. */
        NOTHING,
        /** There is none, and the relay makes it. */
        CREATE,
        /** Something can be changed. */
        UPDATE,
        /** Something differs, and nothing can be changed. */
        CONFLICT
    }

    /**
     * Compares.
     *
     * @param actual null when there is no stream
     * @param deliberate whether somebody has just asked for the policy to be applied
     * @param batches whether the relay wants to send atomic batches: a wish, not worth a conflict
     */
    public static StreamPlan of(
            StreamPolicy desired,
            Provision provision,
            @Nullable StreamShape actual,
            boolean deliberate,
            boolean batches) {
        if (actual == null) {
            return absent(desired, provision, batches);
        }
        if (provision == Provision.OFF) {
            return new StreamPlan(Act.NOTHING, actual.shape(), List.of(), List.of(), false, false);
        }
        boolean drift = !deliberate && mark(desired).equals(actual.applied());
        boolean mayTake = !drift && actual.applied() != null && (deliberate || isMark(actual.applied()));
        Comparison comparison = new Comparison(desired, actual, mayTake);
        comparison.run();
        if (provision == Provision.VERIFY || actual.applied() == null) {
            return leftAlone(comparison, provision);
        }
        drift &= !comparison.changes.isEmpty();
        if (batches && !actual.batches()) {
            comparison.changes.add("it takes atomic batches from now on");
        }
        boolean unmarked = !mark(desired).equals(actual.applied()) && comparison.conflicts.isEmpty();
        Act act = !comparison.changes.isEmpty() || unmarked
                ? Act.UPDATE
                : comparison.conflicts.isEmpty() ? Act.NOTHING : Act.CONFLICT;
        return new StreamPlan(
                act,
                comparison.target(),
                List.copyOf(comparison.changes),
                List.copyOf(comparison.conflicts),
                drift,
                batches);
    }

    private static StreamPlan absent(StreamPolicy desired, Provision provision, boolean batches) {
        if (provision == Provision.MANAGE) {
            return new StreamPlan(Act.CREATE, desired, List.of(), List.of(), false, batches);
        }
        String word = provision.name().toLowerCase(Locale.ROOT);
        return new StreamPlan(
                Act.CONFLICT,
                desired,
                List.of(),
                List.of("there is no stream, and provision is " + word
                        + ": create it, or set provision to manage for this tenant"),
                false,
                false);
    }

    private static StreamPlan leftAlone(Comparison comparison, Provision provision) {
        List<String> all = new ArrayList<>();
        String why = provision == Provision.VERIFY
                ? "left alone: provision is verify"
                : "left alone: the relay did not make this stream (metadata " + MARK_KEY
                        + " = adopt hands it over to the relay)";
        comparison.changes.forEach(change -> all.add(change + " (" + why + ")"));
        all.addAll(comparison.conflicts);
        return new StreamPlan(
                all.isEmpty() ? Act.NOTHING : Act.CONFLICT, comparison.actual.shape(), List.of(), all, false, false);
    }

    /** The key of the stream's metadata under which the relay writes the mark of what it applied. */
    public static final String MARK_KEY = "outbox.policy";

    private static final String VERSION = "1;";

    /** One line that says which policy a stream was given. */
    public static String mark(StreamPolicy policy) {
        return VERSION
                + policy.maxAge()
                + ';'
                + policy.maxMessages()
                + ';'
                + policy.maxBytes()
                + ';'
                + policy.replicas()
                + ';'
                + word(policy.discard())
                + ';'
                + word(policy.storage())
                + ';'
                + word(policy.compression())
                + ';'
                + policy.duplicateWindow();
    }

    private static boolean isMark(String text) {
        return text.startsWith(VERSION);
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Goes through what a policy says, and builds the shape that may be asked for. */
    private static final class Comparison {

        private final StreamPolicy desired;
        private final StreamShape actual;
        private final boolean mayTake;
        private final List<String> changes = new ArrayList<>();
        private final List<String> conflicts = new ArrayList<>();
        private Duration maxAge;
        private long maxMessages;
        private long maxBytes;
        private Duration window;

        Comparison(StreamPolicy desired, StreamShape actual, boolean mayTake) {
            this.desired = desired;
            this.actual = actual;
            this.mayTake = mayTake;
            this.maxAge = desired.maxAge();
            this.maxMessages = desired.maxMessages();
            this.maxBytes = desired.maxBytes();
            this.window = desired.duplicateWindow();
        }

        void run() {
            StreamPolicy is = actual.shape();
            if (actual.obstacle() != null) {
                conflicts.add(actual.obstacle());
            }
            if (!is.storage().equals(desired.storage())) {
                conflicts.add("storage is " + word(is.storage()) + " instead of " + word(desired.storage())
                        + ", which NATS cannot change for a stream that exists: set the policy to "
                        + word(is.storage()) + ", or move the messages to a new stream by hand");
            }
            if (!is.maxAge().equals(desired.maxAge())) {
                boolean takes = !desired.maxAge().isZero()
                        && actual.messages() > 0
                        && actual.oldest().compareTo(desired.maxAge()) > 0;
                if (differs("max_age", age(is.maxAge()), age(desired.maxAge()), takes)) {
                    maxAge = is.maxAge();
                }
            }
            if (is.maxMessages() != desired.maxMessages()) {
                boolean takes = desired.maxMessages() >= 0 && actual.messages() > desired.maxMessages();
                if (differs("max_messages", limit(is.maxMessages()), limit(desired.maxMessages()), takes)) {
                    maxMessages = is.maxMessages();
                }
            }
            if (is.maxBytes() != desired.maxBytes()) {
                boolean takes = desired.maxBytes() >= 0 && actual.bytes() > desired.maxBytes();
                if (differs("max_bytes", limit(is.maxBytes()), limit(desired.maxBytes()), takes)) {
                    maxBytes = is.maxBytes();
                }
            }
            if (is.replicas() != desired.replicas()) {
                changes.add(text("replicas", is.replicas(), desired.replicas()));
            }
            if (is.discard() != desired.discard()) {
                changes.add(text("discard", word(is.discard()), word(desired.discard())));
            }
            if (is.compression() != desired.compression()) {
                changes.add(text("compression", word(is.compression()), word(desired.compression())));
            }
            if (!maxAge.isZero() && window.compareTo(maxAge) > 0) {
                window = maxAge; // the age stays shorter than the policy has it
            }
            if (!is.duplicateWindow().equals(window)) {
                changes.add(text("duplicate_window", is.duplicateWindow(), window));
            }
        }

        /** Whether it has to stay as it is. */
        private boolean differs(String what, Object is, Object wanted, boolean takesMessages) {
            if (takesMessages && !mayTake) {
                conflicts.add(text(what, is, wanted)
                        + ": somebody else changed the stream, and putting it back would take messages out of it; to"
                        + " have it so, write the tenant's row in outbox.tenant again, or edit the stream");
                return true;
            }
            changes.add(text(what, is, wanted));
            return false;
        }

        private static String text(String what, Object is, Object wanted) {
            return what + " is " + is + " instead of " + wanted;
        }

        private static Object age(Duration age) {
            return age.isZero() ? "unlimited" : age;
        }

        private static Object limit(long limit) {
            return limit < 0 ? "unlimited" : limit;
        }

        StreamPolicy target() {
            return new StreamPolicy(
                    maxAge,
                    maxMessages,
                    maxBytes,
                    desired.replicas(),
                    desired.discard(),
                    actual.shape().storage(),
                    desired.compression(),
                    window);
        }
    }
}

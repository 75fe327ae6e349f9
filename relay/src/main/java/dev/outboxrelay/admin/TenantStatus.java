package dev.outboxrelay.admin;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How one tenant fares.
 *
 * @param state one word for what its lane does
 * @param queued events that wait to be sent
 * @param inFlight events that are sent and not yet acknowledged
 * @param parked events that wait in the table of dead letters to be sent
 * @param published events acknowledged since this process began to lead; so {@code duplicates} and {@code deadLettered}
 * @param lastSequence the last sequence of its stream that the relay knows, null if none
 * @param oldestUnsettledSeconds age of its oldest event that is not settled, 0 if there is none
 * @param lastError in words, without a secret or a payload; null if there was none
 * @param dead dead letters that wait for an operator; null if they could not be counted
 * @param consumers durable consumers of its stream, the worst first
 * @param suffering how badly it fares
 * @param reasons why, in words, the worst first; empty if all is well
 */
public record TenantStatus(
        String tenant,
        String stream,
        String state,
        long queued,
        long inFlight,
        long parked,
        long published,
        long duplicates,
        long deadLettered,
        @Nullable Long lastSequence,
        double oldestUnsettledSeconds,
        @Nullable String lastError,
        @Nullable Long dead,
        List<ConsumerStatus> consumers,
        Suffering suffering,
        List<String> reasons) {

    /** So old may an event be before it is said. */
    private static final double SLOW_SECONDS = 5;

    /** So old is an event that gets nowhere, whatever the lane says. */
    private static final double BLOCKED_SECONDS = 60;

    /**
     * Puts first who suffers most: by {@link Suffering}, then who waits longest, then who has most waiting, then whose
     * consumer has most waiting, then who has most dead letters; names decide what is left. Waiting counts in whole
     * seconds, or the order of healthy tenants would change with every look.
     */
    public static final Comparator<TenantStatus> WORST_FIRST = Comparator.comparing((TenantStatus t) -> t.suffering())
            .thenComparing(Comparator.comparingLong((TenantStatus t) -> (long) t.oldestUnsettledSeconds())
                    .thenComparingLong(TenantStatus::waiting)
                    .thenComparingLong(TenantStatus::mostPending)
                    .thenComparingLong(t -> t.dead() == null ? 0 : t.dead())
                    .thenComparingLong(TenantStatus::deadLettered)
                    .thenComparing(t -> t.lastError() != null)
                    .reversed())
            .thenComparing(TenantStatus::tenant);

    public TenantStatus {
        Objects.requireNonNull(tenant, "tenant");
        Objects.requireNonNull(stream, "stream");
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(suffering, "suffering");
        consumers = consumers.stream().sorted(ConsumerStatus.WORST_FIRST).toList();
        reasons = List.copyOf(reasons);
    }

    /**
     * What is known of a tenant, before it is judged.
     *
     * @param notes what else is wrong and only a person can mend, in words
     */
    public record Facts(
            String tenant,
            String stream,
            String state,
            long queued,
            long inFlight,
            long parked,
            long published,
            long duplicates,
            long deadLettered,
            @Nullable Long lastSequence,
            double oldestUnsettledSeconds,
            @Nullable String lastError,
            @Nullable Long dead,
            List<ConsumerStatus> consumers,
            List<String> notes) {

        /** A tenant of whom only the stream is known. */
        public static Facts idle(
                String tenant, String stream, long lastSequence, @Nullable Long dead, List<ConsumerStatus> consumers) {
            return new Facts(
                    tenant, stream, "idle", 0, 0, 0, 0, 0, 0, lastSequence, 0, null, dead, consumers, List.of());
        }

        long waiting() {
            return queued + inFlight + parked;
        }

        private boolean isPaused() {
            return state.equals("paused");
        }
    }

    /** Judges. */
    public static TenantStatus of(Facts facts) {
        return new TenantStatus(
                facts.tenant,
                facts.stream,
                facts.state,
                facts.queued,
                facts.inFlight,
                facts.parked,
                facts.published,
                facts.duplicates,
                facts.deadLettered,
                facts.lastSequence,
                facts.oldestUnsettledSeconds,
                facts.lastError,
                facts.dead,
                facts.consumers,
                suffering(facts),
                reasons(facts));
    }

    private static Suffering suffering(Facts facts) {
        return Stream.concat(Stream.of(ofLane(facts)), facts.consumers.stream().map(ConsumerStatus::suffering))
                .min(Comparator.naturalOrder())
                .orElse(Suffering.FINE);
    }

    private static Suffering ofLane(Facts facts) {
        if (facts.isPaused()) {
            return Suffering.PARKED; // on purpose, whatever was wrong before
        }
        if ((facts.lastError != null && facts.waiting() > 0) || facts.oldestUnsettledSeconds >= BLOCKED_SECONDS) {
            return Suffering.BLOCKED;
        }
        if (facts.parked > 0) {
            return Suffering.PARKED;
        }
        if (facts.lastError != null || isPositive(facts.dead) || !facts.notes.isEmpty()) {
            return Suffering.DEGRADED;
        }
        return facts.oldestUnsettledSeconds >= SLOW_SECONDS ? Suffering.SLOW : Suffering.FINE;
    }

    private static boolean isPositive(@Nullable Long number) {
        return number != null && number > 0;
    }

    private static List<String> reasons(Facts facts) {
        List<String> lane = new ArrayList<>();
        if (facts.isPaused()) {
            lane.add("somebody paused it: nothing is published, and its events are parked meanwhile");
        } else if (facts.lastError != null) {
            lane.add((facts.waiting() > 0 ? "nothing can be published: " : "the last try failed: ") + facts.lastError);
        }
        if (facts.oldestUnsettledSeconds >= SLOW_SECONDS) {
            long notThere = facts.queued + facts.inFlight;
            lane.add((notThere > 0
                            ? count(notThere, "event") + " not in the stream yet, the oldest"
                            : "an event is not settled yet that was")
                    + " committed " + shown(facts.oldestUnsettledSeconds) + " ago");
        }
        if (facts.parked > 0) {
            lane.add(count(facts.parked, "event") + " parked in outbox.dead_letter: "
                    + (facts.isPaused()
                            ? "they go out first, in order, once it is resumed"
                            : facts.state.startsWith("sending")
                                    ? "they are being sent, in order, and live ones wait behind them"
                                    : "they go out first, in order, once the stream takes messages"
                                            + (isPositive(facts.dead)
                                                    ? ", or once its dead letters are decided"
                                                    : "")));
        }
        if (isPositive(facts.dead)) {
            lane.add(count(Objects.requireNonNull(facts.dead), "dead letter")
                    + " to decide about: outbox-relay dlq list --tenant " + facts.tenant);
        }
        lane.addAll(facts.notes);
        List<String> ofConsumers = facts.consumers.stream()
                .sorted(ConsumerStatus.WORST_FIRST)
                .flatMap(consumer -> consumer.reasons().stream().map(why -> "consumer " + consumer.name() + ": " + why))
                .toList();
        boolean consumersFirst = facts.consumers.stream()
                .anyMatch(consumer -> consumer.suffering().compareTo(ofLane(facts)) < 0);
        List<String> all = new ArrayList<>(consumersFirst ? ofConsumers : lane);
        all.addAll(consumersFirst ? lane : ofConsumers);
        return all;
    }

    private static String count(long number, String what) {
        return String.format(Locale.ROOT, "%,d %s%s", number, what, number == 1 ? "" : "s");
    }

    /** A time in its largest two units. */
    private static String shown(double seconds) {
        long all = (long) seconds;
        if (all >= 3600) {
            return all / 3600 + " h " + all % 3600 / 60 + " min";
        }
        return all >= 60 ? all / 60 + " min " + all % 60 + " s" : all + " s";
    }

    /** Events that are committed and not in the stream. */
    public long waiting() {
        return queued + inFlight + parked;
    }

    private long mostPending() {
        return consumers.stream().mapToLong(ConsumerStatus::pending).max().orElse(0);
    }
}

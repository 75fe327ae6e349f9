package dev.outboxrelay.lag;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A consumer and what is to be said of it, judged from what the server told at two looks. Pure and immutable: each look
 * makes a new one from the one before.
 *
 * @param lost messages that left the stream before it was given them, since this was first looked at; where it reads
 *     only a part of the stream, at least so many
 * @param lostUpTo everything up to this sequence is counted
 * @param lostMillis when the last of them was noticed; 0 if there was none
 * @param behindMillis since when messages wait for it; 0 while none do
 * @param ratePerSecond deliveries between the last two looks
 * @param stillMillis since when it was given nothing and acknowledged nothing
 * @param findings what is wrong, the worst first
 */
public record ConsumerLag(
        ConsumerFigures figures,
        GivenUp givenUp,
        long atMillis,
        long lost,
        long lostUpTo,
        long lostMillis,
        long behindMillis,
        double ratePerSecond,
        long stillMillis,
        List<Finding> findings) {

    /** For so long a loss, or a message that was given up, is still said. */
    static final long RECENT_MILLIS = Duration.ofMinutes(10).toMillis();

    /** So long a consumer may be behind before it is said. */
    static final long BEHIND_MILLIS = Duration.ofMinutes(1).toMillis();

    public ConsumerLag {
        findings = List.copyOf(findings);
    }

    /** Whether there is a finding of this kind. */
    public boolean has(Finding.Kind kind) {
        return findings.stream().anyMatch(finding -> finding.kind() == kind);
    }

    /**
     * Judges.
     *
     * @param before the same consumer at the last look; null at the first
     */
    static ConsumerLag of(
            @Nullable ConsumerLag before, StreamFigures stream, ConsumerFigures now, GivenUp givenUp, long atMillis) {
        ConsumerLag earlier = before != null && isSame(before.figures, now) ? before : null;
        Loss loss = Loss.of(before, earlier, stream, now, atMillis);
        long still = earlier != null && isStill(earlier.figures, now) ? earlier.stillMillis : atMillis;
        long behind =
                now.pending() == 0 ? 0 : earlier == null || earlier.behindMillis == 0 ? atMillis : earlier.behindMillis;
        double rate = earlier == null || atMillis <= earlier.atMillis
                ? 0
                : 1000.0
                        * (now.deliveredConsumer() - earlier.figures.deliveredConsumer())
                        / (atMillis - earlier.atMillis);
        ConsumerLag facts = new ConsumerLag(
                now, givenUp, atMillis, loss.lost, loss.upTo, loss.millis, behind, rate, still, List.of());
        return new ConsumerLag(
                now,
                givenUp,
                atMillis,
                loss.lost,
                loss.upTo,
                loss.millis,
                behind,
                rate,
                still,
                facts.judge(stream, earlier == null ? null : earlier.figures));
    }

    /** Whether it is the consumer that it was, so that the two looks can be compared. */
    private static boolean isSame(ConsumerFigures before, ConsumerFigures now) {
        return before.created().equals(now.created())
                && before.deliveredConsumer() <= now.deliveredConsumer()
                && before.actual().filters().equals(now.actual().filters());
    }

    private static boolean isStill(ConsumerFigures before, ConsumerFigures now) {
        return before.deliveredConsumer() == now.deliveredConsumer() && before.ackFloor() == now.ackFloor();
    }

    /** What was lost, added up. */
    private record Loss(long lost, long upTo, long millis) {

        static Loss of(
                @Nullable ConsumerLag before,
                @Nullable ConsumerLag earlier,
                StreamFigures stream,
                ConsumerFigures now,
                long atMillis) {
            Loss known = before == null ? new Loss(0, 0, 0) : new Loss(before.lost, before.lostUpTo, before.lostMillis);
            if (stream.last() < known.upTo) {
                known = new Loss(known.lost, 0, known.millis); // the stream was made anew
            }
            long more;
            if (now.isFiltered(stream.everything())) {
                // nobody knows which of the messages that are gone it would have read; but those that waited for it
                // and were not given to it since
                more = earlier == null
                        ? 0
                        : earlier.figures.pending()
                                - now.pending()
                                - (now.deliveredConsumer() - earlier.figures.deliveredConsumer());
            } else {
                more = stream.gone() - Math.max(now.deliveredStream(), known.upTo);
            }
            long upTo = Math.max(known.upTo, stream.gone());
            return more <= 0 ? new Loss(known.lost, upTo, known.millis) : new Loss(known.lost + more, upTo, atMillis);
        }
    }

    private List<Finding> judge(StreamFigures stream, @Nullable ConsumerFigures before) {
        List<Finding> all = new ArrayList<>();
        if (lostMillis > 0 && atMillis - lostMillis < RECENT_MILLIS) {
            all.add(new Finding(
                    Finding.Kind.LOSING,
                    (figures.isFiltered(stream.everything()) ? "at least " : "") + count(lost)
                            + " left the stream before it was given them, the last " + ago(lostMillis)));
        }
        boolean still = before != null && isStill(before, figures);
        if (figures.isAtBound() && still) {
            all.add(new Finding(
                    Finding.Kind.STALLED,
                    "stalled: " + number(figures.ackPending())
                            + " messages are delivered and not acknowledged, which is its bound, and no acknowledgement"
                            + " came for " + shown(stillMillis) + unacknowledgedGone(stream)));
        }
        if (figures.pending() > 0 && !figures.hasReader() && !figures.paused() && still) {
            all.add(new Finding(
                    Finding.Kind.ABSENT,
                    (figures.actual().pull() ? "nobody pulls: " : "nobody listens: ") + count(figures.pending())
                            + (figures.pending() == 1 ? " waits" : " wait") + ", none delivered for "
                            + shown(stillMillis)));
        }
        if (figures.paused() && figures.pending() > 0) {
            all.add(new Finding(Finding.Kind.PAUSED, "somebody paused it: " + count(figures.pending()) + " waiting"));
        }
        if (givenUp.lastMillis() > 0 && atMillis - givenUp.lastMillis() < RECENT_MILLIS) {
            all.add(new Finding(Finding.Kind.GAVE_UP, givenUpText()));
        }
        if (figures.redelivered() > 0) {
            all.add(new Finding(
                    Finding.Kind.REDELIVERING,
                    count(figures.redelivered()) + " delivered more than once and not acknowledged yet"));
        }
        if (behindMillis > 0 && atMillis - behindMillis >= BEHIND_MILLIS) {
            all.add(new Finding(
                    Finding.Kind.BEHIND,
                    "behind for " + shown(behindMillis) + ": " + count(figures.pending()) + " waiting, "
                            + String.format(Locale.ROOT, "%,.0f", ratePerSecond) + " a second delivered"));
        }
        all.sort(Comparator.comparing(Finding::kind));
        return all;
    }

    /** Delivered messages that cannot be delivered again, because they are gone. */
    private String unacknowledgedGone(StreamFigures stream) {
        long gone = Math.min(stream.gone(), figures.deliveredStream()) - figures.ackFloor();
        long most = Math.min(gone, figures.ackPending());
        return most <= 0 ? "" : "; up to " + number(most) + " of them have left the stream meanwhile";
    }

    private String givenUpText() {
        List<String> parts = new ArrayList<>();
        if (givenUp.maxDeliveries() > 0) {
            parts.add(count(givenUp.maxDeliveries()) + " given up after "
                    + figures.actual().maxDeliver() + " deliveries");
        }
        if (givenUp.terminated() > 0) {
            parts.add(count(givenUp.terminated()) + " refused for good by the application");
        }
        return String.join(", ", parts) + ", the last " + ago(givenUp.lastMillis());
    }

    private static String count(long messages) {
        return number(messages) + (messages == 1 ? " message" : " messages");
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private String ago(long millis) {
        return atMillis - millis < 1000 ? "just now" : shown(millis) + " ago";
    }

    private String shown(long sinceMillis) {
        Duration time = Duration.ofMillis(Math.max(0, atMillis - sinceMillis));
        return time.toHours() > 0
                ? time.toHours() + " h " + time.toMinutesPart() + " min"
                : time.toMinutes() > 0
                        ? time.toMinutes() + " min " + time.toSecondsPart() + " s"
                        : time.toSeconds() + " s";
    }
}

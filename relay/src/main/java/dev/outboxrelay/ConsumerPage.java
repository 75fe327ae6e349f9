package dev.outboxrelay;

import dev.outboxrelay.admin.ConsumerStatus;
import dev.outboxrelay.lag.ConsumerFigures;
import dev.outboxrelay.lag.ConsumerLag;
import dev.outboxrelay.lag.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Puts together what is shown of one consumer. */
final class ConsumerPage {

    /** What is worse than a consumer that is not as it should be. */
    private static final Set<Finding.Kind> WORSE =
            Set.of(Finding.Kind.LOSING, Finding.Kind.STALLED, Finding.Kind.ABSENT, Finding.Kind.PAUSED);

    private ConsumerPage() {}

    /**
     * A consumer that is there.
     *
     * @param problem why it is not as somebody asks for; null if it is
     * @param unmanagedIn its stream, when a relay made it and nobody asks for it any more; else null
     */
    static ConsumerStatus of(ConsumerLag lag, @Nullable String problem, @Nullable String unmanagedIn) {
        List<String> words = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        for (Finding finding : lag.findings()) {
            if (problem != null && !WORSE.contains(finding.kind()) && !words.contains("unprovisioned")) {
                words.add("unprovisioned");
                reasons.add(notAsAsked(problem));
            }
            words.add(finding.kind().word());
            reasons.add(finding.text());
        }
        if (problem != null && !words.contains("unprovisioned")) {
            words.add("unprovisioned");
            reasons.add(notAsAsked(problem));
        }
        ConsumerFigures figures = lag.figures();
        if (unmanagedIn != null) {
            words.add("unmanaged");
            reasons.add("nobody asks for it any more, and the relay deletes no consumer: once its application is gone,"
                    + " nats consumer rm " + unmanagedIn + " " + figures.name());
        }
        return new ConsumerStatus(
                figures.name(),
                figures.pending(),
                figures.ackPending(),
                figures.actual().maxAckPending(),
                figures.redelivered(),
                figures.waiting(),
                Math.round(10 * lag.ratePerSecond()) / 10.0,
                lag.lost(),
                lag.givenUp().maxDeliveries() + lag.givenUp().terminated(),
                words.isEmpty() ? null : words.get(0),
                reasons);
    }

    /** One that is asked for and is not there. */
    static ConsumerStatus absent(String name, String problem) {
        return new ConsumerStatus(name, 0, 0, 0, 0, 0, 0, 0, 0, "unprovisioned", List.of(problem));
    }

    private static String notAsAsked(String problem) {
        return "not as it should be: " + problem;
    }
}

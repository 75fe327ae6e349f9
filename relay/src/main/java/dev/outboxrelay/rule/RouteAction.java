package dev.outboxrelay.rule;

import dev.outboxrelay.event.Header;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What becomes of an event that a rule matches. */
public sealed interface RouteAction {

    /**
     * It is published with another subject, more headers, or both.
     *
     * @param subject makes the subject; null keeps the event's own
     * @param headers added unless the event has a header of that name itself, whatever its case
     */
    record Rewrite(@Nullable RouteTemplate subject, List<Header> headers) implements RouteAction {}

    /** It is not published, and settles as if it were. */
    record Drop() implements RouteAction {}

    /** It becomes a dead letter. */
    record DeadLetter() implements RouteAction {}
}

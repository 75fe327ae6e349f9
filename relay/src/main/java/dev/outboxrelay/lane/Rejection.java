package dev.outboxrelay.lane;

import dev.outboxrelay.event.Reason;

/**
 * Why an event is a dead letter.
 *
 * @param error in words, without payload or header values
 * @param byRule whether a routing rule says so: then the event may have been published under the rules of an earlier
 *     start. What breaks the naming contract never was
 */
public record Rejection(Reason reason, String error, boolean byRule) {

    public Rejection(Reason reason, String error) {
        this(reason, error, false);
    }
}

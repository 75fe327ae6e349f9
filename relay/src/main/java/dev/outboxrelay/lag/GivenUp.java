package dev.outboxrelay.lag;

/**
 * Messages that a consumer gave up, as far as the server's advisories were heard.
 *
 * @param maxDeliveries delivered as often as it may be
 * @param terminated refused for good by the application
 * @param lastMillis when the last one was; 0 if there was none
 */
public record GivenUp(long maxDeliveries, long terminated, long lastMillis) {

    /** None yet. */
    public static final GivenUp NONE = new GivenUp(0, 0, 0);

    GivenUp plus(boolean wasTerminated, long atMillis) {
        return wasTerminated
                ? new GivenUp(maxDeliveries, terminated + 1, atMillis)
                : new GivenUp(maxDeliveries + 1, terminated, atMillis);
    }
}

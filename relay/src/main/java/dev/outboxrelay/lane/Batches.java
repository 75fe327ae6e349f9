package dev.outboxrelay.lane;

/**
 * When a lane sends what waits as one atomic batch of the server's (NATS ADR-50), and what it means when the server
 * does not take one. A batch is there as a whole or not at all; which of its messages was in the way nobody says. So
 * whatever was in a batch that did not get through goes out one by one the next time, and so does what follows, for
 * longer each time in a row.
 *
 * <p>Owned by its lane. The argument is in the ADR "publishing".
 */
final class Batches {

    /** Wait for the answers that are out: then there is room for a whole batch, or everything goes that is there. */
    static final int WAIT = -1;

    private static final int MOST_DOUBLINGS = 6;

    private boolean taken;
    private long alone;
    private int refusals;

    /** Whether the stream takes batches. */
    void streamTakes(boolean batches) {
        taken = batches;
    }

    /**
     * How many of the waiting events go out as one batch now: 0 for one by one, or {@link #WAIT}.
     *
     * @param window most events in flight
     */
    int next(Batching limits, int waiting, int inFlight, int window) {
        int most = Math.min(limits.most(), window / 2);
        if (!taken || alone > 0 || most < limits.least()) {
            return 0;
        }
        if (waiting >= most && window - inFlight >= most) {
            return most;
        }
        if (inFlight >= limits.least()) {
            return WAIT; // until these are answered, more comes together
        }
        return waiting >= limits.least() ? Math.min(most, waiting) : 0;
    }

    /** An event went out by itself. */
    void sentAlone() {
        if (alone > 0) {
            alone--;
        }
    }

    /** A batch is stored. */
    void stored() {
        refusals = 0;
    }

    /**
     * A batch failed.
     *
     * @return what that means for each of its events
     */
    Failure failed(Failure failure, Batching limits) {
        if (failure.kind() != Failure.Kind.FENCED) {
            // behind a gap every batch is refused; anything else may come again
            alone = (long) limits.alone() << Math.min(refusals++, MOST_DOUBLINGS);
        }
        return switch (failure.kind()) {
            // one of them is in the way, or all: sent by themselves they tell
            case POISON, UNEXPLAINED, TENANT_TROUBLE, NAME_CONFLICT ->
                Failure.doubt("batch_" + failure.cause(), "a batch was refused: " + failure.text());
            case DOUBT, FENCED, TRANSIENT -> failure;
        };
    }
}

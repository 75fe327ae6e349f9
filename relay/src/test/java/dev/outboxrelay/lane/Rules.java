package dev.outboxrelay.lane;

/**
 * What holds in a simulated world from beginning to end.
 *
 * @param tenants how many lanes
 * @param window most publishes in flight in a lane
 * @param deadLetters most dead letters in the making in a lane
 * @param duplicateWindow how long the server remembers ids, in nanoseconds
 * @param variant which server it is
 * @param parking whether events are parked soon
 * @param hold whether later events wait behind a dead letter
 * @param routing whether routing rules drop events and make dead letters, others after each change of rules
 * @param batches whether streams take atomic batches
 * @param halfBatches whether the server breaks its promise, and stores the beginning of a batch now and then
 * @param broken what is switched off to see whether the checks notice
 */
record Rules(
        int tenants,
        int window,
        int deadLetters,
        long duplicateWindow,
        Variant variant,
        boolean parking,
        boolean hold,
        boolean routing,
        boolean batches,
        boolean halfBatches,
        Broken broken) {

    /** Rules under which nothing is parked. */
    Rules(int tenants, int window, int deadLetters, long duplicateWindow, Variant variant, Broken broken) {
        this(tenants, window, deadLetters, duplicateWindow, variant, false, false, false, false, false, broken);
    }

    /** What a lane may send together: little, so that much of it fits into small windows. */
    Batching batching() {
        return batches ? new Batching(2, 4, 1 << 20, 2) : Batching.NONE;
    }

    /** How servers differ in what they answer to a retry. */
    enum Variant {
        /** {@code duplicate} with the sequence of what is stored. */
        DUPLICATE,
        /** 10071 even for what is stored already, if the end does not fit. */
        FENCED_FIRST,
        /** As nats-server 2.10 with replicas: a refused id is remembered and answers {@code duplicate} with 0. */
        REMEMBERS_REFUSED
    }

    /** What is switched off. */
    enum Broken {
        NOTHING,
        /** Fences are not used. */
        FENCE,
        /** The server does not check the expected sequence. */
        CHAIN,
        /** The slot confirms what is settled whether or not everything before it is. */
        WATERMARK,
        /** What was parked is not compared with the stream's end. */
        RECONCILE,
        /** What a routing rule makes a dead letter counts as what could never be published. */
        RULED_OUT
    }

    boolean broken(Broken what) {
        return broken == what;
    }
}

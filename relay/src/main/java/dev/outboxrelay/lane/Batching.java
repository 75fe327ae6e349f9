package dev.outboxrelay.lane;

/**
 * How many events of a lane go to the server as one atomic batch.
 *
 * @param least fewer go one by one
 * @param most no more than this, and no more than half of the window: the next batch is on its way meanwhile
 * @param bytes no more than about this much
 * @param alone how many events go one by one after a batch that did not get through; twice as many after each more
 */
public record Batching(int least, int most, long bytes, int alone) {

    /** Every event goes by itself. */
    public static final Batching NONE = new Batching(1, 0, 0, 0);

    /** Two batches fill the usual window; below a few events there is nothing to win. */
    public static final Batching USUAL = new Batching(16, 250, 1 << 20, 500);
}

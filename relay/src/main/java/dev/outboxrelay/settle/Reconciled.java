package dev.outboxrelay.settle;

/**
 * What the table knows of events that were found in a stream.
 *
 * @param resolved how many rows were resolved by it
 * @param liveSeq where in the order of arrival the last live event is; 0 when the table does not have it
 * @param live when it came into the table
 */
public record Reconciled(int resolved, long liveSeq, Live live) {

    /** When the last live event of a stream came into the table. */
    public enum Live {
        /** It is not there, or nobody asked. */
        ABSENT,
        /** Before this session began. */
        EARLIER,
        /** Since then. */
        THIS_SESSION
    }
}

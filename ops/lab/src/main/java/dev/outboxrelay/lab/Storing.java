package dev.outboxrelay.lab;

/** A contender that puts the backlog into the tenants' streams. */
interface Storing extends Contender {

    /** Whether the streams must not be there before. */
    default boolean makesStreams() {
        return false;
    }

    /** What batches the streams must allow. */
    default Batches batches() {
        return Batches.NONE;
    }

    /** Whether each stream must be in the order of commit. */
    default boolean keepsOrder() {
        return false;
    }

    /**
     * Starts it.
     *
     * @param slot a slot of which the backlog can be read, for those who read from a slot
     */
    Mover start(Servers servers, Load load, SlotCopy slot) throws Exception;

    /**
     * SQL that tells whether a row in the table still waits for what is done with it afterwards; empty if nothing is.
     */
    default String unsettled() {
        return "";
    }

    @Override
    default boolean spends() {
        return !unsettled().isEmpty();
    }

    @Override
    default Measured drain(Servers servers, Load load) throws Exception {
        return new StoredDrain(servers, load, this).run();
    }
}

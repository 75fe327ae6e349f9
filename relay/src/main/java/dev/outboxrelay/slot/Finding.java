package dev.outboxrelay.slot;

/**
 * Something that keeps the relay from starting.
 *
 * @param problem what is wrong and where
 * @param remedy what to do, with the exact statement where there is one
 * @param passes whether it may pass by itself, so that waiting makes sense
 * @param isReader whether all that is wrong is that somebody streams from the slot
 */
public record Finding(String problem, String remedy, boolean passes, boolean isReader) {

    static Finding configuration(String problem, String remedy) {
        return new Finding(problem, remedy, false, false);
    }

    static Finding temporary(String problem, String remedy) {
        return new Finding(problem, remedy, true, false);
    }

    static Finding reader(String problem, String remedy) {
        return new Finding(problem, remedy, true, true);
    }

    /**
     * The stream breaks off because the slot's position is older than its publication. Before version 18 PostgreSQL
     * looks publications up as of the change that it decodes, and gives up where there is none.
     */
    public static Finding publicationGap(String slot, String publication) {
        return configuration(
                "replication slot " + slot + " stands before publication " + publication
                        + " was created, and PostgreSQL before 18 cannot read what lies between",
                "SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_lsn());"
                        + " (rows that are not published yet are not read from the WAL then: the relay takes them"
                        + " from the table)");
    }

    @Override
    public String toString() {
        return problem + "\n    mend: " + remedy;
    }
}

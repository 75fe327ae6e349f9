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

    @Override
    public String toString() {
        return problem + "\n    mend: " + remedy;
    }
}

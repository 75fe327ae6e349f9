package dev.outboxrelay.slot;

/**
 * Something that keeps the relay from starting.
 *
 * @param problem what is wrong and where
 * @param remedy what to do, with the exact statement where there is one
 * @param passes whether it may pass by itself, so that waiting makes sense
 */
public record Finding(String problem, String remedy, boolean passes) {

    static Finding configuration(String problem, String remedy) {
        return new Finding(problem, remedy, false);
    }

    static Finding temporary(String problem, String remedy) {
        return new Finding(problem, remedy, true);
    }

    @Override
    public String toString() {
        return problem + "\n    mend: " + remedy;
    }
}

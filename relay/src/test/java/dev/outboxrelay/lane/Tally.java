package dev.outboxrelay.lane;

/** What happened in a simulated world, to excuse what cannot be avoided and to see that the simulation bites. */
final class Tally {
    int sessions;
    int restarts;
    int wrongFences;
    int rounds;
    int published;
    int doubled;
    int reordered;
    int deadLetters;
    int skipped;
    int lostTails;
    int unusableFences;
    int confirmedFences;
    long foreign;
    long purged;
    boolean identityChanged;

    void add(Tally other) {
        sessions += other.sessions;
        restarts += other.restarts;
        wrongFences += other.wrongFences;
        rounds += other.rounds;
        published += other.published;
        doubled += other.doubled;
        reordered += other.reordered;
        deadLetters += other.deadLetters;
        skipped += other.skipped;
        lostTails += other.lostTails;
        unusableFences += other.unusableFences;
        confirmedFences += other.confirmedFences;
    }

    @Override
    public String toString() {
        return "published " + published + ", skipped " + skipped + ", dead letters " + deadLetters + ", sessions "
                + sessions + ", restarts " + restarts + " (fences dropped " + wrongFences + "), lost tails " + lostTails
                + ", confirmed fences " + confirmedFences + ", unusable fences " + unusableFences
                + ", excused: doubled " + doubled + ", reordered " + reordered
                + "; healing rounds " + rounds;
    }
}

package dev.outboxrelay.lane;

/** What happened in a simulated world, to excuse what cannot be avoided and to see that the simulation bites. */
final class Tally {
    int sessions;
    int restarts;
    int wrongFences;
    int rounds;
    int published;
    int batches;
    int batchesRefused;
    int doubled;
    int reordered;
    int deadLetters;
    int skipped;
    int dropped;
    int skippedRuledOut;
    int ruledOutTooLate;
    int parked;
    int reconciled;
    int replayed;
    int lostTails;
    int unusableFences;
    int confirmedFences;
    long foreign;
    long purged;
    long parkedBlindly;
    boolean identityChanged;

    void add(Tally other) {
        sessions += other.sessions;
        restarts += other.restarts;
        wrongFences += other.wrongFences;
        rounds += other.rounds;
        published += other.published;
        batches += other.batches;
        batchesRefused += other.batchesRefused;
        doubled += other.doubled;
        reordered += other.reordered;
        deadLetters += other.deadLetters;
        skipped += other.skipped;
        dropped += other.dropped;
        skippedRuledOut += other.skippedRuledOut;
        ruledOutTooLate += other.ruledOutTooLate;
        parked += other.parked;
        reconciled += other.reconciled;
        replayed += other.replayed;
        lostTails += other.lostTails;
        unusableFences += other.unusableFences;
        confirmedFences += other.confirmedFences;
    }

    @Override
    public String toString() {
        return "published " + published + ", batches " + batches + " (refused " + batchesRefused + "), skipped "
                + skipped + " (ruled out " + skippedRuledOut + "), dropped "
                + dropped + ", parked " + parked
                + ", reconciled " + reconciled + ", replayed " + replayed + ", dead letters " + deadLetters
                + ", sessions "
                + sessions + ", restarts " + restarts + " (fences dropped " + wrongFences + "), lost tails " + lostTails
                + ", confirmed fences " + confirmedFences + ", unusable fences " + unusableFences
                + ", excused: ruled out too late " + ruledOutTooLate + ", doubled " + doubled + ", reordered "
                + reordered
                + "; healing rounds " + rounds;
    }
}

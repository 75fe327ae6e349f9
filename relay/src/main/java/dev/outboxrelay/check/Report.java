package dev.outboxrelay.check;

import java.util.List;

/** How all checks ended, in the order of {@link Check}. */
public record Report(List<Result> results) {

    public Report {
        results = List.copyOf(results);
    }

    /** How many ended so. */
    public long count(Status status) {
        return results.stream().filter(result -> result.status() == status).count();
    }

    /** Whether nothing keeps the relay from its work. */
    public boolean isFine() {
        return count(Status.FAIL) == 0;
    }
}

package dev.outboxrelay.cli;

import dev.outboxrelay.config.Problem;
import dev.outboxrelay.config.Reading;
import java.io.PrintWriter;
import java.util.List;

/** Tells a person everything that is wrong with the configuration, a line each. */
final class ConfigProblems {

    private ConfigProblems() {}

    static void print(Reading.Rejected rejected, PrintWriter err) {
        List<Problem> problems = rejected.problems();
        err.printf(
                "outbox-relay: the configuration has %s:%n",
                problems.size() == 1 ? "a problem" : problems.size() + " problems");
        problems.forEach(problem -> err.println("  " + problem));
        err.flush();
    }
}

package dev.outboxrelay.config;

import java.util.List;

/** What came of reading a configuration: settings, or everything that is wrong with it. */
public sealed interface Reading {

    /** Nothing is wrong. */
    record Complete(Settings settings) implements Reading {}

    /**
     * Everything that is wrong.
     *
     * @param problems at least one
     */
    record Rejected(List<Problem> problems) implements Reading {
        public Rejected {
            problems = List.copyOf(problems);
            if (problems.isEmpty()) {
                throw new IllegalArgumentException("rejected without a problem");
            }
        }
    }
}

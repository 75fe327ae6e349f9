package dev.outboxrelay;

import java.util.List;

/** Something has to be mended by a person before the relay can work. */
public final class CannotStart extends Exception {

    private static final long serialVersionUID = 1L;
    private final transient List<String> problems;

    CannotStart(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** Each problem with its remedy, in words for an operator. */
    public List<String> problems() {
        return problems;
    }
}

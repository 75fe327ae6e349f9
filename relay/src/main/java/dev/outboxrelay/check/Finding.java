package dev.outboxrelay.check;

import java.util.List;

/**
 * One thing that a check has found.
 *
 * @param text what, with real names and figures; never a secret or a payload
 * @param remedies what mends it; empty where it is right, or where only words help and the text has them
 */
public record Finding(Status status, String text, List<Remedy> remedies) {

    public Finding {
        remedies = List.copyOf(remedies);
    }

    static Finding warn(String text, Remedy... remedies) {
        return new Finding(Status.WARN, text, List.of(remedies));
    }

    static Finding warn(String text, List<Remedy> remedies) {
        return new Finding(Status.WARN, text, remedies);
    }

    static Finding fail(String text, Remedy... remedies) {
        return new Finding(Status.FAIL, text, List.of(remedies));
    }

    static Finding fail(String text, List<Remedy> remedies) {
        return new Finding(Status.FAIL, text, remedies);
    }
}

package dev.outboxrelay.check;

import java.util.Comparator;
import java.util.List;

/**
 * How one check ended.
 *
 * @param status that of the worst finding
 * @param findings never empty
 */
public record Result(Check check, Status status, List<Finding> findings) {

    public Result {
        findings = List.copyOf(findings);
    }

    static Result pass(Check check, String text) {
        return new Result(check, Status.PASS, List.of(new Finding(Status.PASS, text, List.of())));
    }

    static Result warn(Check check, String text, Remedy... remedies) {
        return of(check, Finding.warn(text, remedies));
    }

    static Result fail(Check check, String text, Remedy... remedies) {
        return of(check, Finding.fail(text, remedies));
    }

    /** @param remedies what somebody who may see it can run */
    static Result skipped(Check check, String reason, Remedy... remedies) {
        return of(check, new Finding(Status.SKIPPED, reason, List.of(remedies)));
    }

    private static Result of(Check check, Finding finding) {
        return new Result(check, finding.status(), List.of(finding));
    }

    /** @param fine what to say where there is no finding */
    static Result of(Check check, List<Finding> findings, String fine) {
        if (findings.isEmpty()) {
            return pass(check, fine);
        }
        List<Finding> worstFirst = findings.stream()
                .sorted(Comparator.comparing(Finding::status).reversed())
                .toList();
        return new Result(check, worstFirst.get(0).status(), worstFirst);
    }
}

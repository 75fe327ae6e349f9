package dev.outboxrelay.rule;

import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.TenantPattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A rule as somebody wrote it, in the table or in the file. {@link #check} reads it, or tells everything that is wrong.
 *
 * @param action {@code rewrite}, {@code drop} or {@code dead_letter}
 * @param headers a JSON object of strings; null for none
 */
public record RouteDraft(
        String name,
        String tenants,
        String subjects,
        String action,
        @Nullable String subjectTemplate,
        @Nullable String headers) {

    /** Longest name, in characters. */
    public static final int MAX_NAME = 128;

    /** The parts of a rule. */
    public enum Part {
        NAME,
        TENANTS,
        SUBJECTS,
        ACTION,
        SUBJECT_TEMPLATE,
        HEADERS;

        /** In words. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** What came of it. */
    public sealed interface Checked {
        /** It can be used. */
        record Good(RouteRule rule) implements Checked {}

        /**
         * It cannot.
         *
         * @param faults at least one
         */
        record Bad(List<Fault> faults) implements Checked {

            @Override
            public String toString() {
                return String.join("; ", faults.stream().map(Fault::toString).toList());
            }
        }
    }

    /**
     * One thing that is wrong.
     *
     * @param why completes a sentence that begins with the part
     */
    public record Fault(Part part, String why) {

        @Override
        public String toString() {
            return "its " + part + " " + why;
        }
    }

    /** Reads the rule. */
    public Checked check() {
        List<Fault> faults = new ArrayList<>();
        if (name.isBlank() || name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl)) {
            faults.add(new Fault(
                    Part.NAME, "is empty, longer than " + MAX_NAME + " characters, or has a control character"));
        }
        Optional<TenantPattern> tenant = TenantPattern.parse(tenants);
        if (tenant.isEmpty()) {
            faults.add(new Fault(
                    Part.TENANTS, "is no tenant id or pattern of 1 to " + TenantPattern.MAX_LENGTH + " characters"));
        }
        Optional<SubjectPattern> subject = SubjectPattern.parse(subjects);
        if (subject.isEmpty()) {
            faults.add(new Fault(
                    Part.SUBJECTS,
                    "is no subject pattern: tokens between dots, * for one of them, > at the end for the rest"));
        }
        Optional<RouteAction> made = action(subject.orElse(SubjectPattern.EVERY), faults);
        return faults.isEmpty() && tenant.isPresent() && subject.isPresent() && made.isPresent()
                ? new Checked.Good(new RouteRule(name, tenant.get(), subject.get(), made.get()))
                : new Checked.Bad(List.copyOf(faults));
    }

    private Optional<RouteAction> action(SubjectPattern pattern, List<Fault> faults) {
        boolean says = subjectTemplate != null || headers != null;
        if (says && !action.equals("rewrite")) {
            faults.add(new Fault(Part.ACTION, "is not rewrite, so it has no subject template and no headers"));
        }
        return switch (action) {
            case "drop" -> Optional.of(new RouteAction.Drop());
            case "dead_letter" -> Optional.of(new RouteAction.DeadLetter());
            case "rewrite" -> {
                if (!says) {
                    faults.add(new Fault(Part.ACTION, "is rewrite and needs a subject template, headers or both"));
                }
                yield rewrite(pattern, faults);
            }
            default -> {
                faults.add(new Fault(Part.ACTION, "is not rewrite, drop or dead_letter"));
                yield Optional.empty();
            }
        };
    }

    private Optional<RouteAction> rewrite(SubjectPattern pattern, List<Fault> faults) {
        RouteTemplate template = null;
        if (subjectTemplate != null) {
            RouteTemplate.problem(subjectTemplate, pattern)
                    .ifPresent(why -> faults.add(new Fault(Part.SUBJECT_TEMPLATE, why)));
            template = RouteTemplate.parse(subjectTemplate, pattern).orElse(null);
        }
        List<Header> added = List.of();
        HeaderRule.Result result = HeaderRule.apply(headers);
        if (result instanceof HeaderRule.Result.Accepted accepted) {
            added = accepted.headers();
        } else if (result instanceof HeaderRule.Result.Broken broken) {
            faults.add(new Fault(Part.HEADERS, "cannot be used: " + broken.error()));
        }
        return Optional.of(new RouteAction.Rewrite(template, added));
    }
}

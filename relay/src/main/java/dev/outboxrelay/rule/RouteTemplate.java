package dev.outboxrelay.rule;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The subject that a rule gives an event, below its tenant's prefix: literal text, {@code {1}} for the first token of
 * the event's own subject and so on, {@code {rest}} for what {@code >} of the rule's pattern matched.
 *
 * <p>It is checked against the pattern when it is written: every token that it names is there in each subject that the
 * pattern matches, so an event cannot break it.
 */
public final class RouteTemplate {

    /** Longest template, in characters. */
    public static final int MAX_LENGTH = 1_024;

    /** The last token that can be named. */
    public static final int LAST_TOKEN = 16;

    private static final String REST = "rest";
    private static final Pattern REFERENCE = Pattern.compile("\\{([^{}]*)}");

    private final String text;

    /** What stands before each reference, and behind the last one. */
    private final List<String> literals;

    /** Which token each reference names, counted from 1. */
    private final List<Integer> tokens;

    /** The token at which {@code {rest}} begins. */
    private final int rest;

    private RouteTemplate(String text, SubjectPattern pattern) {
        this.text = text;
        this.rest = pattern.hasRest() ? pattern.tokens() : Integer.MAX_VALUE;
        List<String> between = new ArrayList<>();
        List<Integer> named = new ArrayList<>();
        int behind = 0;
        Matcher reference = REFERENCE.matcher(text);
        while (reference.find()) {
            between.add(text.substring(behind, reference.start()));
            named.add(reference.group(1).equals(REST) ? 0 : Integer.parseInt(reference.group(1)));
            behind = reference.end();
        }
        between.add(text.substring(behind));
        this.literals = List.copyOf(between);
        this.tokens = List.copyOf(named);
    }

    /** What is wrong with a template for subjects of this pattern, in words; empty where nothing is. */
    static Optional<String> problem(String text, SubjectPattern pattern) {
        if (text.isEmpty() || text.length() > MAX_LENGTH) {
            return Optional.of("is empty or longer than " + MAX_LENGTH + " characters");
        }
        Matcher reference = REFERENCE.matcher(text);
        while (reference.find()) {
            Optional<String> why = referenceProblem(reference.group(1), pattern);
            if (why.isPresent()) {
                return why;
            }
        }
        String literal = reference.replaceAll("x");
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c <= ' ' || c > '~' || "*>{}".indexOf(c) >= 0) {
                return Optional.of(
                        "has a character that is no printable ASCII, a wildcard, or a brace that stands alone");
            }
        }
        if (literal.startsWith(".") || literal.endsWith(".") || literal.contains("..")) {
            return Optional.of("has an empty token");
        }
        return text.regionMatches(true, 0, "tenant.", 0, 7)
                ? Optional.of(
                        "starts with 'tenant.': a rule never leads out of its tenant's prefix, which is put before it")
                : Optional.empty();
    }

    private static Optional<String> referenceProblem(String name, SubjectPattern pattern) {
        if (name.equals(REST)) {
            return pattern.hasRest()
                    ? Optional.empty()
                    : Optional.of("has {rest}, and the pattern '" + pattern + "' does not end with >");
        }
        if (!name.matches("[1-9][0-9]?") || Integer.parseInt(name) > LAST_TOKEN) {
            return Optional.of("has {" + (name.length() > 20 ? "…" : name) + "}, which is neither {1} to {" + LAST_TOKEN
                    + "} nor {rest}");
        }
        return Integer.parseInt(name) > pattern.tokens()
                ? Optional.of("has {" + name + "}, and the pattern '" + pattern + "' is sure of " + pattern.tokens()
                        + (pattern.tokens() == 1 ? " token" : " tokens"))
                : Optional.empty();
    }

    /** Reads a template; empty where {@link #problem} tells why not. */
    public static Optional<RouteTemplate> parse(String text, SubjectPattern pattern) {
        return problem(text, pattern).isPresent() ? Optional.empty() : Optional.of(new RouteTemplate(text, pattern));
    }

    /**
     * The new subject, below the tenant's prefix.
     *
     * @param subject one that the pattern matches
     * @param from where the part begins that counts
     */
    public String render(String subject, int from) {
        if (tokens.isEmpty()) {
            return text;
        }
        StringBuilder made = new StringBuilder(subject.length() - from + text.length());
        for (int i = 0; i < tokens.size(); i++) {
            made.append(literals.get(i));
            int token = tokens.get(i);
            int start = start(subject, from, token == 0 ? rest : token);
            int dot = token == 0 ? -1 : subject.indexOf('.', start);
            made.append(subject, start, dot < 0 ? subject.length() : dot);
        }
        return made.append(literals.get(tokens.size())).toString();
    }

    private static int start(String subject, int from, int token) {
        int at = from;
        for (int i = 1; i < token; i++) {
            at = subject.indexOf('.', at) + 1;
        }
        return at;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RouteTemplate that && text.equals(that.text) && rest == that.rest;
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** The template as it was written. */
    @Override
    public String toString() {
        return text;
    }
}

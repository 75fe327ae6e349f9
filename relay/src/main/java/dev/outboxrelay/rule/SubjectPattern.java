package dev.outboxrelay.rule;

import java.util.List;
import java.util.Optional;

/**
 * Which subjects a rule is for, with the wildcards of NATS: {@code *} is one token, {@code >} at the end is one or
 * more. Compared with what lies below a tenant's prefix. Allocates nothing when it compares.
 */
public final class SubjectPattern {

    /** Every subject. */
    public static final SubjectPattern EVERY = new SubjectPattern(">");

    /** Longest pattern, in characters: no subject is longer. */
    public static final int MAX_LENGTH = 2_048;

    private final String text;
    private final List<String> tokens;
    private final boolean hasRest;

    private SubjectPattern(String text) {
        this.text = text;
        this.tokens = List.of(text.split("\\.", -1));
        this.hasRest = tokens.get(tokens.size() - 1).equals(">");
    }

    /**
     * Reads a pattern; empty where a token is empty, a wildcard is part of a longer token, {@code >} is not the last
     * token, there is a blank or control character, or it is too long.
     */
    public static Optional<SubjectPattern> parse(String text) {
        if (text.length() > MAX_LENGTH || !text.codePoints().allMatch(SubjectPattern::isVisible)) {
            return Optional.empty();
        }
        SubjectPattern pattern = new SubjectPattern(text);
        for (int i = 0; i < pattern.tokens.size(); i++) {
            String token = pattern.tokens.get(i);
            boolean wild = token.indexOf('*') >= 0 || token.indexOf('>') >= 0;
            boolean last = i == pattern.tokens.size() - 1;
            if (token.isEmpty() || (wild && token.length() > 1) || (token.equals(">") && !last)) {
                return Optional.empty();
            }
        }
        return Optional.of(pattern);
    }

    /** The pattern, or an exception where {@link #parse} is empty: for texts that are known to be good. */
    public static SubjectPattern of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException("not a subject pattern: '" + text + "'"));
    }

    /**
     * Whether it is for a subject.
     *
     * @param subject a legal one
     * @param from where the part begins that counts, behind the tenant's prefix
     */
    public boolean matches(String subject, int from) {
        int at = from;
        for (int i = 0; i < tokens.size(); i++) {
            if (at > subject.length()) {
                return false; // no token is left
            }
            if (hasRest && i == tokens.size() - 1) {
                return true;
            }
            int dot = subject.indexOf('.', at);
            int end = dot < 0 ? subject.length() : dot;
            String token = tokens.get(i);
            if (!token.equals("*") && (token.length() != end - at || !subject.startsWith(token, at))) {
                return false;
            }
            at = end + 1;
        }
        return at > subject.length();
    }

    /** How many tokens a subject that matches has at least. */
    public int tokens() {
        return tokens.size();
    }

    /** Whether it ends with {@code >}. */
    public boolean hasRest() {
        return hasRest;
    }

    private static boolean isVisible(int c) {
        return !Character.isWhitespace(c) && !Character.isSpaceChar(c) && !Character.isISOControl(c);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SubjectPattern that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** The pattern as it was written. */
    @Override
    public String toString() {
        return text;
    }
}

package dev.outboxrelay.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A last change to a subject: where the whole of it matches the pattern, the replacement takes its place.
 *
 * @param pattern a regular expression of Java's
 * @param replacement with {@code $1} or <code>${name}</code> for groups of the pattern
 */
public record SubjectRewrite(Pattern pattern, String replacement) {

    /** What is wrong with a replacement for this pattern; empty when nothing is. */
    static Optional<String> problem(Pattern pattern, String replacement) {
        try {
            // one that matches for certain, with the same groups: the line end ends a comment in the pattern
            Matcher anything =
                    Pattern.compile("(?:" + pattern.pattern() + "\n)?").matcher("");
            if (anything.find()) {
                StringBuilder unused = new StringBuilder();
                anything.appendReplacement(unused, replacement);
            }
            return Optional.empty();
        } catch (PatternSyntaxException e) {
            return Optional.of("the pattern is not one that can stand in parentheses");
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            return Optional.of("it names a group that the pattern does not have, or ends in the middle of one");
        }
    }

    /** By the texts: patterns have no equality of their own. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SubjectRewrite that
                && pattern.pattern().equals(that.pattern.pattern())
                && replacement.equals(that.replacement);
    }

    @Override
    public int hashCode() {
        return 31 * pattern.pattern().hashCode() + replacement.hashCode();
    }
}

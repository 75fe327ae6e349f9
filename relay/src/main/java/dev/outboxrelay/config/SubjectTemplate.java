package dev.outboxrelay.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A relative subject with columns in braces, such as {@code orders.{type}}. Rendering puts values in as they are:
 * whether the result is a legal subject is judged for each row by the router.
 */
public final class SubjectTemplate {

    private static final String COLUMN = "\\{([A-Za-z_][A-Za-z0-9_$]{0,62})}";
    private static final Pattern PART = Pattern.compile(COLUMN);
    private static final Pattern WHOLE = Pattern.compile("(?:[A-Za-z0-9_$=.-]|" + COLUMN + ")+");

    private final String text;
    private final List<String> columns;

    /** What stands before each column, and behind the last one. */
    private final List<String> literals;

    private SubjectTemplate(String text) {
        this.text = text;
        List<String> found = new ArrayList<>();
        List<String> between = new ArrayList<>();
        int behind = 0;
        Matcher part = PART.matcher(text);
        while (part.find()) {
            between.add(text.substring(behind, part.start()));
            found.add(part.group(1));
            behind = part.end();
        }
        between.add(text.substring(behind));
        this.columns = List.copyOf(found);
        this.literals = List.copyOf(between);
    }

    /** The template, or an exception where {@link #parse} is empty: for texts of our own. */
    public static SubjectTemplate of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException("not a subject template: " + text));
    }

    /**
     * Reads a template; empty where a brace does not close around a column name, a literal part holds anything but
     * letters, digits, {@code _ $ = - .}, a token between dots is empty, or it is longer than 256 characters.
     */
    public static Optional<SubjectTemplate> parse(String text) {
        boolean tokens = text.length() <= 256 && !text.startsWith(".") && !text.endsWith(".") && !text.contains("..");
        return tokens && WHOLE.matcher(text).matches() ? Optional.of(new SubjectTemplate(text)) : Optional.empty();
    }

    /** The columns that the template needs, in order of appearance. */
    public List<String> columns() {
        return columns;
    }

    /** The subject of one row; {@code valueOf} answers for every name in {@link #columns()}. */
    public String render(UnaryOperator<String> valueOf) {
        if (columns.size() == 1 && literals.get(0).isEmpty() && literals.get(1).isEmpty()) {
            return valueOf.apply(columns.get(0));
        }
        StringBuilder subject = new StringBuilder(64);
        for (int i = 0; i < columns.size(); i++) {
            subject.append(literals.get(i)).append(valueOf.apply(columns.get(i)));
        }
        return subject.append(literals.get(columns.size())).toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SubjectTemplate that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}

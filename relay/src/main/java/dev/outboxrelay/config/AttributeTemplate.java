package dev.outboxrelay.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an attribute of an event says: literal text and, in braces, what differs from event to event, such as
 * {@code com.example.{subject}}.
 */
public final class AttributeTemplate {

    /** Longest template, in characters. */
    static final int MAX_LENGTH = 256;

    /** What braces can name. */
    public enum Field {
        /** The tenant, as the header {@code Outbox-Tenant} has it. */
        TENANT,
        /** The message's subject below its tenant's prefix. */
        SUBJECT,
        /** The table that the event comes from, with its schema. */
        TABLE
    }

    private static final Pattern PART = Pattern.compile("\\{(tenant|subject|table)}");
    private static final Pattern PLAIN = Pattern.compile("[!-z|~]*");
    private static final Pattern REFERENCE = Pattern.compile("(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
            + "(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?");

    private final String text;
    private final List<Field> fields;

    /** What stands before each field, and behind the last one. */
    private final List<String> literals;

    private AttributeTemplate(String text) {
        this.text = text;
        List<Field> found = new ArrayList<>();
        List<String> between = new ArrayList<>();
        int behind = 0;
        Matcher part = PART.matcher(text);
        while (part.find()) {
            between.add(text.substring(behind, part.start()));
            found.add(
                    switch (part.group(1)) {
                        case "tenant" -> Field.TENANT;
                        case "subject" -> Field.SUBJECT;
                        default -> Field.TABLE;
                    });
            behind = part.end();
        }
        between.add(text.substring(behind));
        this.fields = List.copyOf(found);
        this.literals = List.copyOf(between);
    }

    /** Reads a template of printable ASCII without blanks. */
    public static Optional<AttributeTemplate> parse(String text) {
        return parse(text, PLAIN);
    }

    /** The same for one that has to make URI references. */
    public static Optional<AttributeTemplate> parseReference(String text) {
        return parse(text, REFERENCE);
    }

    private static Optional<AttributeTemplate> parse(String text, Pattern literals) {
        String rest = PART.matcher(text).replaceAll("");
        boolean legal = !text.isEmpty()
                && text.length() <= MAX_LENGTH
                && literals.matcher(rest).matches();
        return legal ? Optional.of(new AttributeTemplate(text)) : Optional.empty();
    }

    public List<Field> fields() {
        return fields;
    }

    /** One more than there are fields: what stands before each, and behind the last one. */
    public List<String> literals() {
        return literals;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AttributeTemplate that && text.equals(that.text);
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

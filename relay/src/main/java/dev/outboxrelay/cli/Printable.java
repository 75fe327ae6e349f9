package dev.outboxrelay.cli;

import org.jspecify.annotations.Nullable;

/** Makes any text safe for a terminal: what is not a visible character or a blank is shown as its escape. */
final class Printable {

    private Printable() {}

    static String of(@Nullable String text) {
        if (text == null) {
            return "-";
        }
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> append(out, c));
        return out.toString();
    }

    private static void append(StringBuilder out, int c) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '\\' -> out.append("\\\\");
            default -> {
                if (c == ' ' || isVisible(c)) {
                    out.appendCodePoint(c);
                } else {
                    out.append(String.format(c > 0xffff ? "\\U%08x" : "\\u%04x", c));
                }
            }
        }
    }

    private static boolean isVisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT, // bidi overrides and zero-width characters among them
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }
}

package dev.outboxrelay.settle;

/** Makes an error fit its column whatever the database's encoding is: printable ASCII, not longer than a paragraph. */
final class ErrorText {

    private static final int MAX_LENGTH = 2_000;

    private ErrorText() {}

    static String of(String text) {
        StringBuilder clean = new StringBuilder(Math.min(text.length(), MAX_LENGTH));
        for (int i = 0; i < text.length() && clean.length() < MAX_LENGTH; i++) {
            char c = text.charAt(i);
            if (c == '\n' || c == '\r' || c == '\t') {
                clean.append(' ');
            } else {
                clean.append(c < ' ' || c > '~' ? '?' : c);
            }
        }
        return clean.toString();
    }
}

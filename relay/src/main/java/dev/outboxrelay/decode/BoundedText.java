package dev.outboxrelay.decode;

/**
 * A text that can be looked at so many times and no more: a regular expression may take exponential time for a text
 * that somebody has chosen for it, and one row must not hold up all others.
 */
final class BoundedText implements CharSequence {

    /** Longer texts are not matched at all. */
    static final int MOST_CHARACTERS = 1_000;

    private static final int LOOKS = 200_000;

    /** It was looked at too often. */
    static final class Exhausted extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Exhausted() {
            super("the pattern takes too long", null, false, false);
        }
    }

    private final String text;
    private int looks;

    BoundedText(String text) {
        this.text = text;
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        if (++looks > LOOKS) {
            throw new Exhausted();
        }
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.subSequence(start, end);
    }

    @Override
    public String toString() {
        return text;
    }
}

package dev.outboxrelay.lag;

/** What is wrong with a consumer, in words for an operator. */
public record Finding(Kind kind, String text) {

    /** What it is; the worst first. */
    public enum Kind {
        /** Messages left the stream before it was given them. */
        LOSING,
        /** It has as many unacknowledged messages as it may, and acknowledges none. */
        STALLED,
        /** Messages wait and nobody asks for them. */
        ABSENT,
        /** Somebody paused it. */
        PAUSED,
        /** Messages were given up: delivered too often, or refused for good. */
        GAVE_UP,
        /** Messages are delivered again. */
        REDELIVERING,
        /** It has been behind for a while. */
        BEHIND;

        /** A word for JSON and labels. */
        public String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}

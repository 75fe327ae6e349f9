package dev.outboxrelay.lab.torture;

import java.time.Duration;

/**
 * How long it took until somebody led again.
 *
 * @param leads until a relay said that it leads and both ends are connected
 * @param acknowledged until the first of its publishes was acknowledged
 */
record TakeOver(Kind kind, Duration leads, Duration acknowledged) {

    enum Kind {
        /** From the kill of the leader, servers unharmed. */
        ALONE("take-over after kill -9"),
        /** From the kill of the leader, while something else was broken too. */
        DISTURBED("take-over after kill -9 beside another fault"),
        /** From the freeze of the leader. */
        FROZEN("take-over after a freeze"),
        /** From the start of the new process. */
        RESTART("restart after kill -9, servers unharmed"),
        RESTART_DISTURBED("restart after kill -9 beside another fault");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }
}

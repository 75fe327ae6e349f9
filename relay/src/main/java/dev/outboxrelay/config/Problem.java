package dev.outboxrelay.config;

/**
 * One thing that is wrong with the configuration. Holds no secret: whoever makes one redacts first.
 *
 * @param what the key or file
 * @param where who gave the value
 * @param why what is wrong
 * @param nextStep what to do about it
 */
public record Problem(String what, String where, String why, String nextStep) {

    @Override
    public String toString() {
        return "%s (%s): %s. %s".formatted(what, where, why, nextStep);
    }
}

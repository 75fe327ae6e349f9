package dev.outboxrelay.check;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A fact, or why it could not be seen.
 *
 * @param value null where it could not be seen
 * @param reason why not; empty where it could
 */
public record Seen<T>(@Nullable T value, String reason) {

    /** It was seen. */
    public static <T> Seen<T> of(T value) {
        return new Seen<>(value, "");
    }

    /** It was not. */
    public static <T> Seen<T> hidden(String reason) {
        return new Seen<>(null, reason);
    }

    /** Whether there is a value. */
    public boolean isSeen() {
        return value != null;
    }

    /** The value; only where {@link #isSeen}. */
    public T get() {
        return Objects.requireNonNull(value, "not seen");
    }
}

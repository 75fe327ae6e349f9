package dev.outboxrelay.postgres;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which transactions a statement could see ({@code pg_current_snapshot}). Exact, unlike any position in the WAL: a
 * commit is in the WAL before others see it, for long where it waits for a standby.
 *
 * @param min every lower transaction was over
 * @param max no transaction from here on was over
 * @param running those between that were not over
 */
public record Snapshot(long min, long max, Set<Long> running) {

    /** Of the text form {@code min:max:running,running}. */
    public static Snapshot parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("no snapshot: " + text);
        }
        Set<Long> running = parts[2].isEmpty()
                ? Set.of()
                : Arrays.stream(parts[2].split(",", -1)).map(Long::valueOf).collect(Collectors.toUnmodifiableSet());
        return new Snapshot(Long.parseLong(parts[0]), Long.parseLong(parts[1]), running);
    }

    /** Whether what the transaction committed was seen; of one that committed. */
    public boolean sees(long transaction) {
        return transaction < min || (transaction < max && !running.contains(transaction));
    }
}

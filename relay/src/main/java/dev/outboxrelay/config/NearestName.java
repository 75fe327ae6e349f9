package dev.outboxrelay.config;

import java.util.Collection;
import java.util.Comparator;

/** Finds what somebody most likely meant. */
final class NearestName {

    private NearestName() {}

    /** The candidate with the fewest edits from {@code name}; a candidate with the same last part counts as near. */
    static String of(String name, Collection<String> candidates) {
        return candidates.stream()
                .min(Comparator.<String>comparingInt(candidate -> weight(name, candidate))
                        .thenComparingInt(candidate -> edits(name, candidate))
                        .thenComparing(Comparator.naturalOrder()))
                .orElseThrow();
    }

    private static int weight(String name, String candidate) {
        int edits = edits(name, candidate);
        return lastPart(name).equals(lastPart(candidate)) ? Math.min(edits, 3) : edits;
    }

    private static String lastPart(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /** Levenshtein distance: insertions, deletions and replacements of one character. */
    static int edits(String from, String to) {
        int[] previous = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int[] row = new int[to.length() + 1];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = previous[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(previous[j], row[j - 1]) + 1);
            }
            previous = row;
        }
        return previous[to.length()];
    }
}

package dev.outboxrelay.check;

import java.util.List;

/** Subjects with wildcards, as sets: {@code *} is one token, {@code >} at the end one or more. */
final class Subjects {

    private Subjects() {}

    /** Whether some subject belongs to both. */
    static boolean overlap(String one, String other) {
        List<String> a = tokens(one);
        List<String> b = tokens(other);
        for (int i = 0; ; i++) {
            if (i >= a.size() || i >= b.size()) {
                return a.size() == b.size();
            }
            if (a.get(i).equals(">") || b.get(i).equals(">")) {
                return true;
            }
            if (!a.get(i).equals(b.get(i)) && !a.get(i).equals("*") && !b.get(i).equals("*")) {
                return false;
            }
        }
    }

    /** Whether every subject of the second belongs to the first. */
    static boolean covers(String wide, String narrow) {
        List<String> a = tokens(wide);
        List<String> b = tokens(narrow);
        for (int i = 0; ; i++) {
            if (i >= a.size() || i >= b.size()) {
                return a.size() == b.size();
            }
            if (a.get(i).equals(">")) {
                return true;
            }
            if (b.get(i).equals(">")) {
                return false;
            }
            if (!a.get(i).equals("*") && !a.get(i).equals(b.get(i))) {
                return false;
            }
        }
    }

    private static List<String> tokens(String subject) {
        return List.of(subject.split("\\.", -1));
    }
}

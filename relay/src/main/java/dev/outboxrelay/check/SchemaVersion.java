package dev.outboxrelay.check;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The files of {@code schema/}, each with an object by which one sees that it has run. */
public enum SchemaVersion {
    V1("V1__outbox.sql", "outbox.message", null),
    V2("V2__attach.sql", "outbox.attach()", "attach() and detach() are missing"),
    V3("V3__parking.sql", "outbox.dead_letter.mark_due", null),
    V4("V4__policies.sql", "outbox.policy_change", "changed policies count from the next start only"),
    V5("V5__republish.sql", "outbox.republish()", "lost events cannot be published again"),
    V6(
            "V6__tables.sql",
            "outbox.make_partitions()",
            "attach() captures row by row, and outbox.message cannot be partitioned"),
    V7("V7__emit.sql", "outbox.emit_key", "outbox.emit() is missing"),
    V8("V8__backlog.sql", "outbox.backlog", null);

    private final String file;
    private final String object;
    private final @Nullable String without;

    SchemaVersion(String file, String object, @Nullable String without) {
        this.file = file;
        this.object = object;
        this.without = without;
    }

    /** Its file's name. */
    public String file() {
        return file;
    }

    /** Whether the relay cannot run without it. */
    public boolean isNeeded() {
        return without == null;
    }

    /** What cannot be done without it; empty where the relay cannot run at all. */
    String without() {
        return without == null ? "" : without;
    }

    /** The objects to look for: tables, columns of tables, and functions, these with {@code ()}. */
    public static Set<String> objects() {
        return Arrays.stream(values()).map(version -> version.object).collect(Collectors.toUnmodifiableSet());
    }

    /** Those whose object is not among these. */
    static List<SchemaVersion> missing(Set<String> objects) {
        return Arrays.stream(values())
                .filter(version -> !objects.contains(version.object))
                .toList();
    }

    /** The number of the newest, for people. */
    static String newest() {
        return values()[values().length - 1].name().substring(1);
    }
}

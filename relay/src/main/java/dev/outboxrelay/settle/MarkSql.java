package dev.outboxrelay.settle;

import dev.outboxrelay.config.Marking;
import dev.outboxrelay.config.TableMapping;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The SQL of a table's marks: conditions on a row called {@code m}, and what an {@code UPDATE} sets. Pure.
 *
 * <p>Values stand there as texts without a type, so that each becomes one of its column's type: a number, a boolean, a
 * constant of an enum.
 */
public final class MarkSql {

    private MarkSql() {}

    /** Whether row {@code m} shows that its event is neither published nor a dead letter. */
    public static String pending(Marking marking) {
        List<String> all = new ArrayList<>();
        if (marking.status() != null) {
            all.add(
                    marking.pending().isEmpty()
                            ? isOther(marking.status(), marking.published(), marking.failed())
                            : isOneOf(marking.status(), marking.pending()));
        }
        addNull(marking.publishedAt(), marking.status() == null, all);
        addNull(marking.failedAt(), true, all);
        return String.join(" AND ", all);
    }

    /** Whether row {@code m} does not show that its event is published: it may be a dead letter. */
    static String unpublished(Marking marking) {
        if (marking.status() == null) {
            return "m." + name(marking.publishedAt()) + " IS NULL";
        }
        if (marking.pending().isEmpty()) {
            return isOther(marking.status(), marking.published(), null);
        }
        List<String> open = new ArrayList<>(marking.pending());
        if (marking.failed() != null) {
            open.add(marking.failed());
        }
        return isOneOf(marking.status(), open);
    }

    /** What is set where an event is published. */
    static String publish(Marking marking) {
        List<String> set = new ArrayList<>();
        if (marking.status() != null) {
            set.add(name(marking.status()) + " = " + text(marking.published()));
        }
        if (marking.publishedAt() != null) {
            set.add(name(marking.publishedAt()) + " = pg_catalog.now()");
        }
        return String.join(", ", set);
    }

    /** The same for one that may have been a dead letter, which it then is no more. */
    static String publishLate(Marking marking) {
        return publish(marking) + (marking.failedAt() == null ? "" : ", " + name(marking.failedAt()) + " = NULL");
    }

    /** What is set where an event is a dead letter; only where the marking can say that. */
    static String fail(Marking marking) {
        List<String> set = new ArrayList<>();
        if (marking.failed() != null) {
            set.add(name(marking.status()) + " = " + text(marking.failed()));
        }
        if (marking.failedAt() != null) {
            set.add(name(marking.failedAt()) + " = pg_catalog.now()");
        }
        return String.join(", ", set);
    }

    /** The id column, as SQL takes it. */
    static String id(TableMapping table) {
        return name(table.id());
    }

    private static String isOneOf(String column, List<String> values) {
        String column2 = "m." + name(column);
        return values.size() == 1
                ? column2 + " = " + text(values.get(0))
                : column2 + " IN (" + values.stream().map(MarkSql::text).collect(Collectors.joining(", ")) + ")";
    }

    private static String isOther(String column, @Nullable String published, @Nullable String failed) {
        String other = "m." + name(column) + " IS DISTINCT FROM ";
        return other + text(published) + (failed == null ? "" : " AND " + other + text(failed));
    }

    private static void addNull(@Nullable String column, boolean counts, List<String> all) {
        if (column != null && counts) {
            all.add("m." + name(column) + " IS NULL");
        }
    }

    private static String name(@Nullable String name) {
        if (name == null) {
            throw new IllegalArgumentException("a column that the marking does not have");
        }
        return '"' + name + '"';
    }

    private static String text(@Nullable String value) {
        if (value == null) {
            throw new IllegalArgumentException("a value that the marking does not have");
        }
        return '\'' + value.replace("'", "''") + '\'';
    }
}

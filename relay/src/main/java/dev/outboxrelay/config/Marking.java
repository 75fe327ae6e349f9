package dev.outboxrelay.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a row shows what became of its event: a status column with a value for each state, columns with the time at which
 * a state was reached, or both. At least one of {@code status} and {@code publishedAt} is there.
 *
 * @param status the status column, of any type that its values can be written in as text: text, an enum, a number, a
 *     boolean
 * @param pending its values while the event is not published; with none of them, every other value is pending, null too
 * @param published its value once the event is published
 * @param failed its value once the event is a dead letter; null where the column has no word for that
 * @param publishedAt the column that gets the time of publishing, and is null before
 * @param failedAt the column that gets the time of becoming a dead letter, and is null otherwise
 */
public record Marking(
        @Nullable String status,
        List<String> pending,
        @Nullable String published,
        @Nullable String failed,
        @Nullable String publishedAt,
        @Nullable String failedAt) {

    /** As in {@code outbox.message}. */
    public static final Marking NATIVE =
            new Marking("status", List.of("pending"), "published", "failed", "published_at", null);

    public Marking {
        pending = List.copyOf(pending);
        if ((status == null) != (published == null)) {
            throw new IllegalArgumentException("a status column needs a value for published, and the other way round");
        }
        if (status == null && (!pending.isEmpty() || failed != null)) {
            throw new IllegalArgumentException("values of a status column without the column");
        }
        if (status == null && publishedAt == null) {
            throw new IllegalArgumentException("neither a status column nor one for the time of publishing");
        }
    }

    /** Whether a row can say that its event is a dead letter. */
    public boolean canFail() {
        return failed != null || failedAt != null;
    }

    /** The columns that marks write, each once. */
    public List<String> columns() {
        LinkedHashSet<String> columns = new LinkedHashSet<>();
        for (String column : new ArrayList<>(java.util.Arrays.asList(status, publishedAt, failedAt))) {
            if (column != null) {
                columns.add(column);
            }
        }
        return List.copyOf(columns);
    }
}

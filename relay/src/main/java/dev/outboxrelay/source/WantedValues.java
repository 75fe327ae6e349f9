package dev.outboxrelay.source;

import dev.outboxrelay.decode.Columns;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The values of one row's wanted columns. Immutable. */
final class WantedValues implements Columns {

    private final List<String> names;
    private final Set<String> absent;
    private final @Nullable Object[] values;

    /**
     * @param absent those of the names that the row does not have
     * @param values one for each name, null where the row has none; given away
     */
    WantedValues(List<String> names, Set<String> absent, @Nullable Object[] values) {
        this.names = names;
        this.absent = absent;
        this.values = values;
    }

    /** @throws IllegalArgumentException when the column is not among the wanted ones: nobody read it */
    @Override
    public @Nullable Object get(String column) {
        for (int i = 0; i < values.length; i++) {
            if (names.get(i).equals(column)) {
                return values[i];
            }
        }
        throw new IllegalArgumentException("column " + column + " is not among those that are read: " + names);
    }

    @Override
    public boolean has(String column) {
        return !absent.contains(column);
    }
}

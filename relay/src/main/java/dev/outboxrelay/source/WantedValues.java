package dev.outboxrelay.source;

import dev.outboxrelay.decode.Columns;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The values of one row's wanted columns. Immutable. */
final class WantedValues implements Columns {

    private final List<String> names;
    private final @Nullable Object[] values;

    /** @param values one for each name, null where the row has none; given away */
    WantedValues(List<String> names, @Nullable Object[] values) {
        this.names = names;
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
}

package dev.outboxrelay.source;

import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.TableName;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A table as the WAL described it last, and so how to read its rows. Immutable. */
final class Relation {

    /** A column as the WAL describes it, with the OID of its type. */
    record Column(String name, int type) {}

    private final TableName table;
    private final List<String> wanted;

    /** For each column of a row, where it is among the wanted ones, or -1. */
    private final int[] places;

    /** For each column of a row, how it is read; null where it is not. */
    private final @Nullable ColumnType[] types;

    private final Set<String> absent;

    private final boolean readByEngine;

    private final boolean ofPolicies;

    /**
     * @param wanted the columns that an event is made of; one that the table or the publication has not reads as null
     * @param columns all columns of a row, in its order
     */
    Relation(TableName table, List<String> wanted, List<Column> columns) {
        this.table = table;
        this.wanted = wanted;
        this.places = new int[columns.size()];
        this.types = new ColumnType[columns.size()];
        boolean unknown = false;
        for (int i = 0; i < places.length; i++) {
            places[i] = wanted.indexOf(columns.get(i).name());
            if (places[i] >= 0) {
                types[i] = ColumnType.of(columns.get(i).type());
                unknown |= types[i] == null;
            }
        }
        Set<String> missing = new HashSet<>(wanted);
        columns.forEach(column -> missing.remove(column.name()));
        this.absent = Set.copyOf(missing);
        this.readByEngine = unknown;
        this.ofPolicies = table.equals(Change.PolicyChanged.TABLE);
    }

    TableName table() {
        return table;
    }

    List<String> wanted() {
        return wanted;
    }

    /** Which of the wanted columns its rows do not have. */
    Set<String> absent() {
        return absent;
    }

    /** Whether a wanted column is of a type that only the engine can read. */
    boolean isReadByEngine() {
        return readByEngine;
    }

    /** Whether its rows tell of changed policies. */
    boolean isOfPolicies() {
        return ofPolicies;
    }

    /**
     * Reads the wanted values of a row.
     *
     * @param tuple at the row's number of columns (TupleData), backed by an array; is moved behind the row
     */
    WantedValues read(ByteBuffer tuple) throws SQLException {
        int count = tuple.getShort();
        if (count != places.length) {
            throw new IllegalStateException(
                    "a row of " + table + " has " + count + " values for " + places.length + " columns");
        }
        @Nullable Object[] values = new Object[wanted.size()];
        byte[] source = tuple.array();
        for (int i = 0; i < count; i++) {
            byte form = tuple.get();
            if (form == 't' || form == 'b') {
                int length = tuple.getInt();
                ColumnType type = types[i];
                if (type != null) {
                    int from = tuple.arrayOffset() + tuple.position();
                    // also a stream in binary has values in text: those of types that can do nothing else
                    values[places[i]] =
                            form == 'b' ? type.readBinary(source, from, length) : type.read(source, from, length);
                }
                tuple.position(tuple.position() + length);
            } else if (form != 'n') {
                // u: not sent because unchanged, which an insert cannot have
                throw new IllegalStateException("a row of " + table + " has a value in the form " + (char) form);
            }
        }
        return new WantedValues(wanted, absent, values);
    }
}

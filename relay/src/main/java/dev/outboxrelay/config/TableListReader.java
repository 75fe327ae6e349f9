package dev.outboxrelay.config;

import static dev.outboxrelay.config.SettingCatalog.*;

import dev.outboxrelay.event.TableName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads {@code outbox.source.tables[i].*}: first {@link #check}, then, where nothing is wrong, {@link #tables}. */
final class TableListReader {

    private final Given given;
    private final Set<String> keys;
    private final Set<Integer> indexes;

    TableListReader(Given given, Set<String> keys) {
        this.given = given;
        this.keys = keys;
        this.indexes = ListIndexes.of("outbox.source.tables", keys);
    }

    void check() {
        Map<TableName, String> seen = new HashMap<>();
        given.find(SOURCE_TABLE).ifPresent(name -> {
            checkName(SOURCE_TABLE, name);
            seen.put(name, SOURCE_TABLE.key());
        });
        for (int index : indexes) {
            new TableReader(given, keys, index).check();
            Setting<TableName> table = TABLES_TABLE.at(index);
            given.find(table).ifPresent(name -> {
                checkName(table, name);
                String other = seen.putIfAbsent(name, table.key());
                if (other != null) {
                    given.report(table, "'" + name + "' is also " + other, "Name each table once.");
                }
            });
        }
    }

    private void checkName(Setting<TableName> table, TableName name) {
        if (name.equals(TableName.OUTBOX_EMIT)) {
            given.report(
                    table,
                    "'" + name + "' is where events of outbox.emit() come from, which are read without a mapping",
                    "Rename the table.");
        }
    }

    List<TableMapping> tables() {
        List<TableMapping> tables = new ArrayList<>();
        for (int index : indexes) {
            tables.add(new TableReader(given, keys, index).table());
        }
        return tables;
    }
}

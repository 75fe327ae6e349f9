package dev.outboxrelay.config;

import dev.outboxrelay.event.TableName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads {@code outbox.source.tables[i].*}: first {@link #check}, then, where nothing is wrong, {@link #tables}. */
final class TableListReader {

    private static final List<Setting<?>> COLUMNS = List.of(
            SettingCatalog.TABLES_TABLE,
            SettingCatalog.TABLES_PRESET,
            SettingCatalog.TABLES_TENANT_COLUMN,
            SettingCatalog.TABLES_SUBJECT,
            SettingCatalog.TABLES_SETTLE);

    private final Given given;
    private final Set<Integer> indexes;

    TableListReader(Given given, Set<String> keys) {
        this.given = given;
        this.indexes = ListIndexes.of("outbox.source.tables", keys);
    }

    void check() {
        Map<TableName, String> seen = new HashMap<>();
        given.find(SettingCatalog.SOURCE_TABLE).ifPresent(name -> {
            checkName(SettingCatalog.SOURCE_TABLE, name);
            seen.put(name, SettingCatalog.SOURCE_TABLE.key());
        });
        for (int index : indexes) {
            COLUMNS.forEach(column -> given.check(column.at(index)));
            checkSettle(index);
            Setting<TableName> table = SettingCatalog.TABLES_TABLE.at(index);
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

    private void checkSettle(int index) {
        Setting<SettleMode> settle = SettingCatalog.TABLES_SETTLE.at(index);
        boolean marks = given.find(settle).equals(Optional.of(SettleMode.MARK));
        boolean hasStatus = given.find(SettingCatalog.TABLES_PRESET.at(index))
                .map(Preset::hasStatus)
                .orElse(true);
        if (marks && !hasStatus) {
            given.report(
                    settle, "'mark' needs a status column, which this preset has not", "Set it to keep or delete.");
        }
    }

    List<TableMapping> tables() {
        List<TableMapping> tables = new ArrayList<>();
        for (int index : indexes) {
            Preset preset = given.get(SettingCatalog.TABLES_PRESET.at(index));
            tables.add(new TableMapping(
                    given.get(SettingCatalog.TABLES_TABLE.at(index)),
                    preset,
                    given.get(SettingCatalog.TABLES_TENANT_COLUMN.at(index)),
                    given.find(SettingCatalog.TABLES_SUBJECT.at(index)).orElseGet(preset::subject),
                    given.find(SettingCatalog.TABLES_SETTLE.at(index))
                            .orElseGet(() -> preset.settle(given.get(SettingCatalog.SETTLE_MODE)))));
        }
        return tables;
    }
}

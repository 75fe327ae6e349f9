package dev.outboxrelay.check;

import dev.outboxrelay.config.Marking;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.TableName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A right that the relay uses.
 *
 * @param columns empty for the whole table
 * @param locks whether rows are only locked by it: then the right to any column is enough, and {@code columns} are
 *     those to be granted where there is none
 */
public record Need(TableName table, String privilege, List<String> columns, boolean locks) {

    /** The relay's own tables, as schema/ makes them. */
    public static final TableName DEAD_LETTER = new TableName("outbox", "dead_letter");

    public static final TableName LEADER = new TableName("outbox", "leader");
    public static final TableName BACKLOG = new TableName("outbox", "backlog");
    static final TableName TENANT = new TableName("outbox", "tenant");
    static final TableName ROUTE = new TableName("outbox", "route");
    static final TableName CONSUMER = new TableName("outbox", "consumer");
    public static final TableName EMIT_KEY = new TableName("outbox", "emit_key");
    static final TableName POLICY_CHANGE = new TableName("outbox", "policy_change");

    private static final List<String> LETTER_COLUMNS =
            List.of("reason", "error", "attempts", "first_failed_at", "dead_at", "state", "resolved_at", "mark_due");

    public Need {
        columns = List.copyOf(columns);
    }

    private Need(TableName table, String privilege, List<String> columns) {
        this(table, privilege, columns, false);
    }

    /** Everything that a relay with these settings uses. */
    public static List<Need> of(Settings settings) {
        List<Need> all = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            all.add(new Need(table.name(), "SELECT", List.of()));
            Marking marks = table.marks();
            if (marks != null) {
                all.add(new Need(table.name(), "UPDATE", marks.columns()));
            } else if (table.settle() == SettleMode.DELETE) {
                all.add(new Need(table.name(), "DELETE", List.of()));
                // rows are locked before, which takes the right to update some column
                Marking known = table.layout().marking();
                List<String> any = known == null ? List.of(table.id()) : known.columns();
                all.add(new Need(table.name(), "UPDATE", any, true));
            }
        }
        all.add(new Need(DEAD_LETTER, "SELECT", List.of()));
        all.add(new Need(DEAD_LETTER, "INSERT", List.of()));
        all.add(new Need(DEAD_LETTER, "UPDATE", LETTER_COLUMNS));
        for (String privilege : List.of("SELECT", "INSERT", "UPDATE")) {
            all.add(new Need(LEADER, privilege, List.of()));
            all.add(new Need(BACKLOG, privilege, List.of()));
        }
        for (TableName policies : List.of(TENANT, ROUTE, CONSUMER)) {
            all.add(new Need(policies, "SELECT", List.of()));
        }
        all.add(new Need(EMIT_KEY, "SELECT", List.of()));
        return List.copyOf(all);
    }

    /**
     * The columns that a mapping reads and its table does not have.
     *
     * @param existing the table's columns
     */
    public static Set<String> unreadable(TableMapping table, Set<String> existing) {
        Set<String> missing = new LinkedHashSet<>(table.columns());
        if (table.isOrderGiven()) {
            missing.add(table.order());
        }
        missing.removeAll(existing);
        return missing;
    }

    /** The columns that a mark writes and this table does not have; empty where none are written. */
    public static Set<String> unmarkable(TableMapping table, PostgresFacts.Relation relation) {
        Set<String> missing = new LinkedHashSet<>();
        if (table.marks() != null) {
            missing.addAll(table.marks().columns());
        }
        missing.removeAll(relation.columnNames());
        return missing;
    }

    /** The columns of a table that marks change. */
    public static List<String> marked(Settings settings, TableName table) {
        return settings.source().all().stream()
                .filter(mapping -> mapping.name().equals(table) && mapping.marks() != null)
                .flatMap(mapping -> Objects.requireNonNull(mapping.marks()).columns().stream())
                .toList();
    }

    /** The mapped tables and the relay's own. */
    public static Set<TableName> tables(Settings settings) {
        Set<TableName> tables = new LinkedHashSet<>();
        settings.source().all().forEach(table -> tables.add(table.name()));
        tables.addAll(List.of(DEAD_LETTER, LEADER, BACKLOG, TENANT, ROUTE, CONSUMER, EMIT_KEY, POLICY_CHANGE));
        return tables;
    }

    /** Whether the role has it, as a whole or for every column that counts. */
    public boolean isMet(PostgresFacts.Relation relation) {
        if (relation.privileges().contains(privilege)) {
            return true;
        }
        Predicate<PostgresFacts.Column> has = column -> column.privileges().contains(privilege);
        return locks
                ? relation.columns().stream().anyMatch(has)
                : !privilege.equals("DELETE")
                        && relation.columns().stream()
                                .filter(column -> columns.isEmpty() || columns.contains(column.name()))
                                .allMatch(has);
    }

    /** What gives it. */
    public String grant(String role) {
        return "GRANT " + shown() + " ON " + SqlText.name(table) + " TO " + SqlText.name(role) + ";";
    }

    /** In words. */
    public String shown() {
        return columns.isEmpty() ? privilege : privilege + " (" + SqlText.names(columns) + ")";
    }

    /**
     * A statement that takes this right and touches no row.
     *
     * <p>It locks the table as the relay does (ROW EXCLUSIVE at most) and fires triggers of statements, if there are.
     */
    public String statement() {
        String name = table.quoted();
        if (locks) {
            return "SELECT 1 FROM " + name + " WHERE false FOR NO KEY UPDATE";
        }
        return switch (privilege) {
            case "SELECT" -> "SELECT 1 FROM " + name + " WHERE false";
            case "DELETE" -> "DELETE FROM " + name + " WHERE false";
            case "INSERT" -> "INSERT INTO " + name + inserted() + " WHERE false";
            case "UPDATE" -> {
                List<String> set = columns.isEmpty()
                        ? table.equals(BACKLOG) ? List.of("state", "held") : List.of("term", "instance", "since")
                        : columns;
                yield "UPDATE " + name + " SET "
                        + String.join(
                                ", ",
                                set.stream()
                                        .map(SqlText::name)
                                        .map(column -> column + " = " + column)
                                        .toList())
                        + " WHERE false";
            }
            default -> throw new IllegalStateException(privilege);
        };
    }

    private String inserted() {
        if (table.equals(LEADER)) {
            return " (slot, term, instance) SELECT '', 0, ''";
        }
        return table.equals(BACKLOG)
                ? " (slot) SELECT ''"
                : " (slot, source, event_id, state) SELECT '', '', '', 'dead'";
    }
}

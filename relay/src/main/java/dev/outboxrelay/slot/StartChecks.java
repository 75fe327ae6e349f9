package dev.outboxrelay.slot;

import dev.outboxrelay.check.Need;
import dev.outboxrelay.check.PostgresFacts.Relation;
import dev.outboxrelay.check.SqlText;
import dev.outboxrelay.check.Statements;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What must hold in the database before the engine may start, checked before every start.
 *
 * <p>The engine would create a missing slot at "now" without a word, and lose what was committed before; a slot that
 * lost its WAL would fail late and misleadingly. So nothing starts before all of this is right.
 */
public final class StartChecks {

    private final Connection connection;
    private final Settings settings;
    private final String database;
    private final Map<TableName, Relation> relations = new HashMap<>();
    private final List<Finding> findings = new ArrayList<>();

    private StartChecks(Connection connection, Settings settings) throws SQLException {
        this.connection = connection;
        this.settings = settings;
        this.database = connection.getCatalog();
        for (TableName table : Need.tables(settings)) {
            relations.put(table, RelationLook.look(connection, table, Need.marked(settings, table)));
        }
    }

    /** Everything that is wrong; empty when the engine may start. Changes nothing. */
    public static List<Finding> run(Connection connection, Settings settings) throws SQLException {
        StartChecks checks = new StartChecks(connection, settings);
        checks.walLevel();
        checks.role();
        new PublicationChecks(connection, settings, checks.findings).run();
        checks.slot();
        for (TableMapping table : settings.source().all()) {
            checks.table(table);
        }
        checks.ownTables();
        checks.rowSecurity();
        return List.copyOf(checks.findings);
    }

    private void walLevel() throws SQLException {
        String level = value("SHOW wal_level");
        if (!"logical".equals(level)) {
            findings.add(Finding.configuration(
                    "wal_level is " + level + ", logical decoding needs logical",
                    "ALTER SYSTEM SET wal_level = 'logical'; then restart PostgreSQL"));
        }
        if ("t".equals(value("SELECT pg_catalog.pg_is_in_recovery()"))) {
            findings.add(Finding.temporary(
                    "the server is a standby: the relay reads from the primary",
                    "add targetServerType=primary and every host to outbox.postgres.url"));
        }
    }

    private void role() throws SQLException {
        if (!"t"
                .equals(value("SELECT rolreplication OR rolsuper"
                        + " FROM pg_catalog.pg_roles WHERE rolname = current_user"))) {
            String user = SqlText.name(settings.postgres().user());
            findings.add(Finding.configuration(
                    "role " + user + " may not stream the WAL",
                    "ALTER ROLE " + user + " REPLICATION; (on Amazon RDS: GRANT rds_replication TO " + user + ";)"));
        }
    }

    private void slot() throws SQLException {
        String slot = settings.postgres().slot();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT plugin, database, wal_status, active_pid, temporary, slot_type"
                        + " FROM pg_catalog.pg_replication_slots WHERE slot_name = ?")) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                String create = "SELECT pg_create_logical_replication_slot('" + slot
                        + "', 'pgoutput'); (or schema/slot.sql), after the publication exists";
                if (!row.next()) {
                    findings.add(
                            Finding.configuration(
                                    "replication slot " + slot
                                            + " does not exist: it was never made, was dropped, or was not"
                                            + " synchronised to the standby that is the primary now",
                                    create
                                            + "; rows that are pending from before are not in a new slot, and are published first"));
                    return;
                }
                String replace = "SELECT pg_drop_replication_slot('" + slot + "'); " + create;
                if (!"logical".equals(row.getString(6)) || !"pgoutput".equals(row.getString(1))) {
                    findings.add(Finding.configuration(
                            "replication slot " + slot + " is not a logical slot of plugin pgoutput", replace));
                } else if (!database.equals(row.getString(2))) {
                    findings.add(Finding.configuration(
                            "replication slot " + slot + " belongs to database " + row.getString(2) + ", not to "
                                    + database,
                            "set outbox.postgres.slot to a slot of this database, or: " + replace));
                } else if ("lost".equals(row.getString(3))) {
                    findings.add(Finding.configuration(
                            "replication slot " + slot + " is lost: WAL that it needed was removed"
                                    + " (max_slot_wal_keep_size); rows committed since then are still in the table, and"
                                    + " are published once there is a new slot",
                            replace));
                } else if (row.getString(4) != null) {
                    findings.add(Finding.reader(
                            "replication slot " + slot + " is in use by backend " + row.getString(4),
                            "stop the other reader, or: SELECT pg_terminate_backend(" + row.getString(4) + ");"));
                }
            }
        }
    }

    private void table(TableMapping table) {
        Relation relation = relation(table.name());
        String user = SqlText.name(settings.postgres().user());
        String name = SqlText.name(table.name());
        if (!relation.exists()) {
            findings.add(Finding.configuration(
                    "table " + name + " does not exist in database " + database,
                    "run schema/V1__outbox.sql there, or name the table in outbox.source"));
            return;
        }
        if (!relation.usage()) {
            String schema = SqlText.name(table.name().schema());
            findings.add(Finding.configuration(
                    "role " + user + " may not look into schema " + schema,
                    "GRANT USAGE ON SCHEMA " + schema + " TO " + user + ";"));
        }
        Set<String> unmarkable = Need.unmarkable(table, relation);
        if (!unmarkable.isEmpty()) {
            findings.add(Finding.configuration(
                    "table " + name + " does not have these columns that a mark writes: "
                            + String.join(", ", unmarkable),
                    "set settle of this table in outbox.source.tables to keep or delete"));
        }
        for (Need need : Need.of(settings)) {
            if (need.table().equals(table.name()) && !need.isMet(relation)) {
                findings.add(Finding.configuration(
                        "role " + user + " has no " + need.shown() + " on " + name,
                        need.grant(settings.postgres().user())));
            }
        }
    }

    /** The relay's own tables. */
    private void ownTables() {
        for (TableName table : List.of(Need.DEAD_LETTER, Need.LEADER)) {
            if (!relation(table).exists()) {
                findings.add(Finding.configuration(
                        "table " + table + " does not exist in database " + database,
                        "run schema/V1__outbox.sql there"));
            }
        }
        if (!relation(Need.BACKLOG).exists()) {
            findings.add(Finding.configuration(
                    "table " + Need.BACKLOG + " does not exist in database " + database,
                    "run schema/V8__backlog.sql there"));
        }
        Relation letters = relation(Need.DEAD_LETTER);
        if (letters.exists() && !letters.columnNames().contains("mark_due")) {
            findings.add(Finding.configuration(
                    "table outbox.dead_letter in database " + database
                            + " is of an earlier version: it has no column mark_due",
                    "run schema/V3__parking.sql there"));
        }
        Relation keys = relation(Need.EMIT_KEY);
        for (Need need : Need.of(settings)) {
            // where the table is, events may be emitted, and without its keys they would be taken for anybody's
            if (need.table().equals(Need.EMIT_KEY) && keys.exists() && !need.isMet(keys)) {
                findings.add(Finding.configuration(
                        "role " + SqlText.name(settings.postgres().user()) + " has no " + need.shown() + " on "
                                + need.table(),
                        need.grant(settings.postgres().user())));
            }
        }
    }

    /** Decoding knows no row-level security, but marks, letters and policies would find nothing, without an error. */
    private void rowSecurity() {
        for (TableName table : Need.tables(settings)) {
            boolean used =
                    Need.of(settings).stream().anyMatch(need -> need.table().equals(table));
            if (used && relation(table).hidesAll()) {
                findings.add(Finding.configuration(
                        "row-level security on " + SqlText.name(table) + " hides every row from role "
                                + SqlText.name(settings.postgres().user()),
                        Statements.seesAll(table, settings.postgres().user())));
            }
        }
    }

    private Relation relation(TableName table) {
        return Objects.requireNonNull(relations.get(table));
    }

    private @Nullable String value(String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getString(1) : null;
        }
    }
}

package dev.outboxrelay.slot;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
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
    private final List<Finding> findings = new ArrayList<>();

    private StartChecks(Connection connection, Settings settings) {
        this.connection = connection;
        this.settings = settings;
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
            String user = settings.postgres().user();
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
                    findings.add(Finding.configuration(
                            "replication slot " + slot + " does not exist: it was never made, was dropped, or was not"
                                    + " synchronised to the standby that is the primary now",
                            create + "; rows that are pending from before are not in a new slot"));
                    return;
                }
                String replace = "SELECT pg_drop_replication_slot('" + slot + "'); " + create;
                if (!"logical".equals(row.getString(6)) || !"pgoutput".equals(row.getString(1))) {
                    findings.add(Finding.configuration(
                            "replication slot " + slot + " is not a logical slot of plugin pgoutput", replace));
                } else if (!connection.getCatalog().equals(row.getString(2))) {
                    findings.add(Finding.configuration(
                            "replication slot " + slot + " belongs to database " + row.getString(2) + ", not to "
                                    + connection.getCatalog(),
                            "set outbox.postgres.slot to a slot of this database, or: " + replace));
                } else if ("lost".equals(row.getString(3))) {
                    findings.add(Finding.configuration(
                            "replication slot " + slot + " is lost: WAL that it needed was removed"
                                    + " (max_slot_wal_keep_size); rows committed since then are still in the table",
                            replace));
                } else if (row.getString(4) != null) {
                    findings.add(Finding.reader(
                            "replication slot " + slot + " is in use by backend " + row.getString(4),
                            "stop the other reader, or: SELECT pg_terminate_backend(" + row.getString(4) + ");"));
                }
            }
        }
    }

    private void table(TableMapping table) throws SQLException {
        String user = settings.postgres().user();
        String name = table.name().quoted();
        String oid = oid(table.name());
        if (oid == null) {
            findings.add(Finding.configuration(
                    "table " + table.name() + " does not exist in database " + connection.getCatalog(),
                    "run schema/V1__outbox.sql there, or name the table in outbox.source"));
            return;
        }
        String schema = table.name().schema();
        if (!"t"
                .equals(value("SELECT pg_catalog.has_schema_privilege(relnamespace, 'USAGE')"
                        + " FROM pg_catalog.pg_class WHERE oid = " + oid))) {
            findings.add(Finding.configuration(
                    "role " + user + " may not look into schema " + schema,
                    "GRANT USAGE ON SCHEMA " + schema + " TO " + user + ";"));
        }
        grant("has_table_privilege", oid, name, "SELECT", user, "SELECT ON " + name);
        if (table.settle() == SettleMode.MARK) {
            grant("has_any_column_privilege", oid, name, "UPDATE", user, "UPDATE (status, published_at) ON " + name);
        } else if (table.settle() == SettleMode.DELETE) {
            grant("has_table_privilege", oid, name, "DELETE", user, "DELETE ON " + name);
            grant("has_any_column_privilege", oid, name, "UPDATE", user, "UPDATE (id) ON " + name);
        }
    }

    /** The relay's own tables. */
    private void ownTables() throws SQLException {
        for (String table : List.of("dead_letter", "leader")) {
            if (oid(new TableName("outbox", table)) == null) {
                findings.add(Finding.configuration(
                        "table outbox." + table + " does not exist in database " + connection.getCatalog(),
                        "run schema/V1__outbox.sql there"));
            }
        }
        String letters = oid(new TableName("outbox", "dead_letter"));
        if (letters != null
                && !"t"
                        .equals(value("SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = " + letters
                                + " AND attname = 'mark_due' AND NOT attisdropped)"))) {
            findings.add(Finding.configuration(
                    "table outbox.dead_letter in database " + connection.getCatalog()
                            + " is of an earlier version: it has no column mark_due",
                    "run schema/V3__parking.sql there"));
        }
    }

    /** Looked up in the catalog: {@code to_regclass} fails where the schema may not be used. */
    private @Nullable String oid(TableName table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT c.oid FROM pg_catalog.pg_class c"
                + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = ?")) {
            statement.setString(1, table.schema());
            statement.setString(2, table.table());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    private void grant(String function, String oid, String table, String privilege, String user, String grant)
            throws SQLException {
        if (!"t"
                .equals(value(
                        "SELECT pg_catalog." + function + "(" + oid + "::pg_catalog.oid, '" + privilege + "')"))) {
            findings.add(Finding.configuration(
                    "role " + user + " has no " + privilege + " on " + table, "GRANT " + grant + " TO " + user + ";"));
        }
    }

    private @Nullable String value(String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getString(1) : null;
        }
    }
}

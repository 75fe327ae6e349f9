package dev.outboxrelay.slot;

import dev.outboxrelay.config.Preset;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
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
        checks.publication();
        checks.slot();
        for (TableMapping table : settings.source().all()) {
            checks.table(table);
        }
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

    private void publication() throws SQLException {
        String name = settings.postgres().publication();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT pubinsert, pubviaroot FROM pg_catalog.pg_publication WHERE pubname = ?")) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    findings.add(Finding.configuration(
                            "publication " + name + " does not exist in database " + connection.getCatalog(),
                            "run schema/V1__outbox.sql there, or set outbox.postgres.publication"));
                    return;
                }
                if (!row.getBoolean(1)) {
                    findings.add(Finding.configuration(
                            "publication " + name + " does not publish inserts",
                            "ALTER PUBLICATION " + name + " SET (publish = 'insert');"));
                }
            }
        }
        for (TableMapping table : settings.source().all()) {
            published(name, table);
        }
    }

    private void published(String publication, TableMapping table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT attnames FROM"
                + " pg_catalog.pg_publication_tables WHERE pubname = ? AND schemaname = ? AND tablename = ?")) {
            statement.setString(1, publication);
            statement.setString(2, table.name().schema());
            statement.setString(3, table.name().table());
            try (ResultSet row = statement.executeQuery()) {
                Set<String> needed = columns(table);
                if (!row.next()) {
                    findings.add(Finding.configuration(
                            "publication " + publication + " does not publish table " + table.name(),
                            "ALTER PUBLICATION " + publication + " ADD TABLE " + table.name() + " ("
                                    + String.join(", ", needed) + ");"));
                    return;
                }
                List<String> have = Arrays.asList((String[]) row.getArray(1).getArray());
                needed.removeAll(have);
                if (!needed.isEmpty()) {
                    findings.add(Finding.configuration(
                            "publication " + publication + " does not publish these columns of " + table.name() + ": "
                                    + String.join(", ", needed),
                            "ALTER PUBLICATION " + publication + " DROP TABLE " + table.name() + "; ALTER PUBLICATION "
                                    + publication + " ADD TABLE " + table.name() + " ("
                                    + String.join(", ", columns(table)) + ");"));
                }
            }
        }
    }

    private static Set<String> columns(TableMapping table) {
        Set<String> needed = new LinkedHashSet<>();
        needed.add("id");
        needed.add(table.tenantColumn());
        needed.addAll(table.subject().columns());
        needed.add("payload");
        if (table.preset() == Preset.NATIVE) {
            needed.add("headers");
        }
        return needed;
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
                    findings.add(Finding.configuration("replication slot " + slot + " does not exist", create));
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
        if (value("SELECT pg_catalog.to_regclass('" + name + "')::text") == null) {
            findings.add(Finding.configuration(
                    "table " + table.name() + " does not exist, or role " + user + " may not see its schema",
                    "run schema/V1__outbox.sql, or set outbox.source.table; GRANT USAGE ON SCHEMA "
                            + table.name().schema() + " TO " + user + ";"));
            return;
        }
        grant("has_table_privilege", name, "SELECT", user, "SELECT ON " + name);
        if (table.settle() == SettleMode.MARK) {
            grant("has_any_column_privilege", name, "UPDATE", user, "UPDATE (status, published_at) ON " + name);
        } else if (table.settle() == SettleMode.DELETE) {
            grant("has_table_privilege", name, "DELETE", user, "DELETE ON " + name);
            grant("has_any_column_privilege", name, "UPDATE", user, "UPDATE (id) ON " + name);
        }
        if (value("SELECT pg_catalog.to_regclass('outbox.dead_letter')::text") == null) {
            findings.add(Finding.configuration("table outbox.dead_letter does not exist", "run schema/V1__outbox.sql"));
        }
    }

    private void grant(String function, String table, String privilege, String user, String grant) throws SQLException {
        if (!"t".equals(value("SELECT pg_catalog." + function + "('" + table + "', '" + privilege + "')"))) {
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

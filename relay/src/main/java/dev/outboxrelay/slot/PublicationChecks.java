package dev.outboxrelay.slot;

import dev.outboxrelay.check.Need;
import dev.outboxrelay.check.SqlText;
import dev.outboxrelay.check.Statements;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Whether the publication brings every row and column that the mappings read. */
final class PublicationChecks {

    private static final String NOT_READ =
            " (what was committed in the meantime is not read from the WAL: it is still in the table)";

    private final Connection connection;
    private final Settings settings;
    private final List<Finding> findings;
    private final String publication;
    private final String name;
    private boolean viaRoot;

    /** @param findings receives what is wrong */
    PublicationChecks(Connection connection, Settings settings, List<Finding> findings) {
        this.connection = connection;
        this.settings = settings;
        this.findings = findings;
        this.publication = settings.postgres().publication();
        this.name = SqlText.name(publication);
    }

    void run() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT pubinsert, pubviaroot FROM pg_catalog.pg_publication WHERE pubname = ?")) {
            statement.setString(1, publication);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    missing();
                    return;
                }
                viaRoot = row.getBoolean(2);
                if (!row.getBoolean(1)) {
                    findings.add(Finding.configuration(
                            "publication " + publication + " does not publish inserts",
                            "ALTER PUBLICATION " + name + " SET (publish = 'insert');" + NOT_READ));
                }
            }
        }
        for (TableMapping table : settings.source().all()) {
            published(table);
        }
    }

    private void missing() throws SQLException {
        String problem = "publication " + publication + " does not exist in database " + connection.getCatalog();
        for (TableMapping table : settings.source().all()) {
            if (existing(table.name()).isEmpty()) {
                findings.add(Finding.configuration(
                        problem, "run schema/V1__outbox.sql there, or set outbox.postgres.publication"));
                return;
            }
        }
        List<String> tables = new ArrayList<>(
                settings.source().all().stream().map(Statements::published).toList());
        if (!existing(Change.PolicyChanged.TABLE).isEmpty()) {
            tables.add(Statements.policyChange());
        }
        findings.add(Finding.configuration(
                problem,
                "CREATE PUBLICATION " + name + " FOR TABLE " + String.join(", ", tables)
                        + " WITH (publish = 'insert', publish_via_partition_root = true);" + NOT_READ));
    }

    private void published(TableMapping table) throws SQLException {
        Set<String> needed = new LinkedHashSet<>(table.columns());
        Set<String> existing = existing(table.name());
        if (existing.isEmpty()) {
            return; // a finding of its own
        }
        Set<String> unknown = Need.unreadable(table, existing);
        if (!unknown.isEmpty()) {
            findings.add(Finding.configuration(
                    "table " + table.name() + " does not have these columns that its mapping reads: "
                            + String.join(", ", unknown),
                    "name others for it in outbox.source.tables, of " + String.join(", ", existing)));
            return;
        }
        String filter;
        try (PreparedStatement statement = connection.prepareStatement("SELECT attnames, rowfilter FROM"
                + " pg_catalog.pg_publication_tables WHERE pubname = ? AND schemaname = ? AND tablename = ?")) {
            statement.setString(1, publication);
            statement.setString(2, table.name().schema());
            statement.setString(3, table.name().table());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    findings.add(unpublished(table));
                    return;
                }
                needed.removeAll(RelationLook.texts(row.getArray(1)));
                filter = row.getString(2);
            }
        }
        if (!needed.isEmpty()) {
            findings.add(Finding.configuration(
                    "publication " + publication + " does not publish these columns of " + table.name() + ": "
                            + String.join(", ", needed),
                    Statements.replaceTable(settings, table, filter)));
        }
        if (filter == null && table.publicationFilter() != null) {
            findings.add(Finding.configuration(
                    "publication " + publication + " sends every row of " + table.name()
                            + ", and its publication-filter is " + table.publicationFilter(),
                    Statements.replaceTable(settings, table, null)));
        }
    }

    private Finding unpublished(TableMapping table) throws SQLException {
        if (!viaRoot
                && RelationLook.look(connection, table.name(), Need.marked(settings, table.name()))
                        .kind()
                        .equals("p")) {
            return Finding.configuration(
                    "table " + table.name() + " is partitioned, and publication " + publication
                            + " sends its rows under the names of partitions",
                    "ALTER PUBLICATION " + name + " SET (publish_via_partition_root = true);" + NOT_READ);
        }
        return Finding.configuration(
                "publication " + publication + " does not publish table " + table.name(),
                Statements.addTable(settings, Statements.published(table)) + NOT_READ);
    }

    /** The table's columns; empty when it does not exist. */
    private Set<String> existing(TableName table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
                        + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?"
                        + " AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")) {
            statement.setString(1, table.schema());
            statement.setString(2, table.table());
            try (ResultSet rows = statement.executeQuery()) {
                Set<String> columns = new LinkedHashSet<>();
                while (rows.next()) {
                    columns.add(rows.getString(1));
                }
                return columns;
            }
        }
    }
}

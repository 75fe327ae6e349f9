package dev.outboxrelay.slot;

import dev.outboxrelay.check.End;
import dev.outboxrelay.check.MappingSql;
import dev.outboxrelay.check.Need;
import dev.outboxrelay.check.PostgresFacts;
import dev.outboxrelay.check.PostgresFacts.Attempt;
import dev.outboxrelay.check.PostgresFacts.Contents;
import dev.outboxrelay.check.PostgresFacts.OtherPublication;
import dev.outboxrelay.check.PostgresFacts.Publication;
import dev.outboxrelay.check.PostgresFacts.Published;
import dev.outboxrelay.check.PostgresFacts.Relation;
import dev.outboxrelay.check.PostgresFacts.Slot;
import dev.outboxrelay.check.Seen;
import dev.outboxrelay.check.SqlText;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.policy.PolicyRow;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Collects what the doctor decides by, under the relay's own role and on one connection. It changes nothing: everything
 * is read, except the relay's own statements, which are tried on no row and rolled back.
 */
public final class PostgresLook {

    /** Longer looks into an outbox are given up: it may be large, and nothing in it is worth holding it up. */
    private static final String PATIENCE = "5s";

    private static final String LOCK_PATIENCE = "1s";

    /** Most tenants whose streams are compared. */
    private static final int MOST_TENANTS = 10_000;

    private static final String PUBLICATION =
            "SELECT puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot"
                    + " FROM pg_catalog.pg_publication WHERE pubname = ?";

    private static final String PUBLISHED = "SELECT t.schemaname, t.tablename, t.attnames, t.rowfilter,"
            + " EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s"
            + " JOIN pg_catalog.pg_publication p ON p.oid = s.pnpubid"
            + " JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid"
            + " WHERE p.pubname = t.pubname AND n.nspname = t.schemaname)"
            + " FROM pg_catalog.pg_publication_tables t WHERE t.pubname = ? ORDER BY 1, 2";

    /** For servers that are too old for the relay, and for column lists, filters and whole schemas in a publication. */
    private static final String PUBLISHED_BEFORE_15 =
            "SELECT t.schemaname, t.tablename, ARRAY[]::text[], NULL::text, false"
                    + " FROM pg_catalog.pg_publication_tables t WHERE t.pubname = ? ORDER BY 1, 2";

    private static final int FIRST_WITH_COLUMNS = 15;

    private static final String OTHERS = "SELECT p.pubname, t.schemaname, t.tablename, p.pubupdate, p.pubdelete"
            + " FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_tables t ON t.pubname = p.pubname"
            + " WHERE p.pubupdate OR p.pubdelete ORDER BY 1, 2, 3";

    /** Through JSON, because not every version has every column. */
    private static final String SLOTS =
            "SELECT s.slot_name, s.slot_type, s.plugin, s.database, s.temporary, s.active_pid,"
                    + " pg_catalog.pg_get_userbyid(a.usesysid),"
                    + " CASE WHEN pg_catalog.pg_is_in_recovery() THEN 0"
                    + " ELSE coalesce(pg_catalog.pg_current_wal_lsn() - s.restart_lsn, 0) END::bigint,"
                    + " coalesce(s.wal_status, 'unknown'), pg_catalog.to_jsonb(s) ->> 'invalidation_reason',"
                    + " pg_catalog.to_jsonb(s) ->> 'failover'"
                    + " FROM pg_catalog.pg_replication_slots s"
                    + " LEFT JOIN pg_catalog.pg_stat_get_activity(s.active_pid) a ON a.pid = s.active_pid ORDER BY 1";

    private final Connection connection;
    private final Settings settings;
    private final InstantSource clock;

    private PostgresLook(Connection connection, Settings settings, InstantSource clock) {
        this.connection = connection;
        this.settings = settings;
        this.clock = clock;
    }

    /** Looks; says why where the database cannot be reached. */
    public static End<PostgresFacts> look(Settings settings, InstantSource clock) {
        String phase = "";
        try (Connection connection = new Database(settings.postgres()).open("check")) {
            phase = End.Failure.LOOK;
            return End.of(new PostgresLook(connection, settings, clock).facts());
        } catch (SQLException e) {
            return End.away(
                    phase.isEmpty() ? SqlErrors.stateOf(e) : phase,
                    String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", "; "));
        }
    }

    private PostgresFacts facts() throws SQLException {
        Set<TableName> tables = Need.tables(settings);
        List<Relation> relations = new ArrayList<>();
        for (TableName table : tables) {
            relations.add(RelationLook.look(connection, table, Need.marked(settings, table)));
        }
        return new PostgresFacts(
                ServerLook.server(connection, clock),
                ServerLook.role(connection, tables),
                relations,
                ServerLook.forbidden(connection),
                attempts(relations),
                publication(),
                others(tables),
                slots(),
                policies(),
                contents(relations));
    }

    /** Each in a savepoint of one transaction, which is rolled back: nothing remains, not even a transaction id. */
    private List<Attempt> attempts(List<Relation> relations) throws SQLException {
        List<Attempt> attempts = new ArrayList<>();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL lock_timeout = '" + LOCK_PATIENCE + "'");
            statement.execute("SET LOCAL statement_timeout = '" + PATIENCE + "'");
            for (Need need : Need.of(settings)) {
                if (relations.stream().anyMatch(each -> each.name().equals(need.table()) && isComplete(each, need))) {
                    attempts.add(attempt(statement, need));
                }
            }
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
        return attempts;
    }

    /** What is missing is told by another check. */
    private static boolean isComplete(Relation relation, Need need) {
        List<String> columns =
                relation.columns().stream().map(PostgresFacts.Column::name).toList();
        return !columns.isEmpty() && columns.containsAll(need.columns());
    }

    private Attempt attempt(Statement statement, Need need) throws SQLException {
        String what = need.privilege() + " on " + need.table();
        Savepoint before = connection.setSavepoint();
        try {
            boolean unused = statement.execute(need.statement());
            connection.releaseSavepoint(before);
            return new Attempt(what, need, null, null);
        } catch (SQLException e) {
            connection.rollback(before);
            if (SqlErrors.isConnectionLoss(e)) {
                throw e;
            }
            return new Attempt(what, need, SqlErrors.stateOf(e), firstLine(e));
        }
    }

    private static String firstLine(SQLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private @Nullable Publication publication() throws SQLException {
        String name = settings.postgres().publication();
        List<Published> tables = new ArrayList<>();
        boolean columns = connection.getMetaData().getDatabaseMajorVersion() >= FIRST_WITH_COLUMNS;
        try (PreparedStatement statement = connection.prepareStatement(columns ? PUBLISHED : PUBLISHED_BEFORE_15)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    tables.add(new Published(
                            row.getString(1),
                            row.getString(2),
                            RelationLook.texts(row.getArray(3)),
                            row.getString(4),
                            row.getBoolean(5)));
                }
            }
        }
        try (PreparedStatement statement = connection.prepareStatement(PUBLICATION)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Publication(
                                row.getBoolean(1),
                                row.getBoolean(2),
                                row.getBoolean(3),
                                row.getBoolean(4),
                                row.getBoolean(5),
                                row.getBoolean(6),
                                List.copyOf(tables))
                        : null;
            }
        }
    }

    private List<OtherPublication> others(Set<TableName> tables) throws SQLException {
        List<OtherPublication> others = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(OTHERS);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                Optional<TableName> table = TableName.parse(row.getString(2) + '.' + row.getString(3));
                if (table.filter(tables::contains).isPresent()) {
                    others.add(
                            new OtherPublication(row.getString(1), table.get(), row.getBoolean(4), row.getBoolean(5)));
                }
            }
        }
        return others;
    }

    private List<Slot> slots() throws SQLException {
        List<Slot> slots = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(SLOTS);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                String pid = row.getString(6);
                String failover = row.getString(11);
                slots.add(new Slot(
                        row.getString(1),
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        row.getBoolean(5),
                        pid == null ? null : Integer.valueOf(pid),
                        row.getString(7),
                        row.getLong(8),
                        row.getString(9),
                        row.getString(10),
                        failover == null ? null : Boolean.valueOf(failover)));
            }
        }
        return slots;
    }

    private Seen<List<PolicyRow>> policies() throws SQLException {
        PolicyLook look = PolicyLook.read(connection, settings);
        Finding missing = look.missing();
        // without the tables there are no rows and no snapshot; a publication that lacks something is another matter
        return missing != null && missing.problem().startsWith(PolicyLook.UNREADABLE)
                ? Seen.hidden(missing.problem())
                : Seen.of(look.rows());
    }

    private List<Contents> contents(List<Relation> relations) throws SQLException {
        List<Contents> all = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            Optional<Relation> relation = relations.stream()
                    .filter(each -> each.name().equals(table.name()))
                    .findFirst();
            boolean complete = relation.isPresent()
                    && relation.get().columns().stream()
                            .map(PostgresFacts.Column::name)
                            .toList()
                            .containsAll(table.columns());
            all.add(new Contents(
                    table.name(),
                    table.layout().payload().column(),
                    complete ? contents(table) : Seen.hidden("the table, or a column of it, does not exist")));
        }
        return all;
    }

    /** The lengths of bytes and of text are in their heads; jsonb has to be read for it. No payload is sent. */
    private Seen<Contents.Rows> contents(TableMapping table) throws SQLException {
        String tenant = MappingSql.tenant(table.layout().tenant());
        String column = SqlText.name(table.layout().payload().column());
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL statement_timeout = '" + PATIENCE + "'");
            statement.execute("SET LOCAL lock_timeout = '" + LOCK_PATIENCE + "'");
            // as text, bytea would be counted as hex
            String payload = isBytes(table) ? column : column + "::text";
            try (ResultSet row = statement.executeQuery("SELECT (" + tenant + ")::text, max(pg_catalog.octet_length("
                    + payload + ")) FROM " + table.name().quoted() + " WHERE " + tenant + " IS NOT NULL AND "
                    + MappingSql.isEvent(table.layout().filter(), "") + " GROUP BY 1 ORDER BY 2 DESC NULLS LAST LIMIT "
                    + MOST_TENANTS)) {
                List<String> tenants = new ArrayList<>();
                long largest = 0;
                while (row.next()) {
                    tenants.add(row.getString(1));
                    largest = Math.max(largest, row.getLong(2));
                }
                return Seen.of(new Contents.Rows(tenants, largest));
            }
        } catch (SQLException e) {
            if (SqlErrors.isConnectionLoss(e) && !SqlErrors.stateOf(e).equals("57014")) {
                throw e;
            }
            return Seen.hidden(
                    SqlErrors.stateOf(e).equals("57014") ? "it takes longer than " + PATIENCE : firstLine(e));
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /** Whether the payload is bytea, or a domain over it. */
    private boolean isBytes(TableMapping table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT " + SqlText.name(table.layout().payload().column()) + " FROM "
                        + table.name().quoted())) {
            return statement.getMetaData().getColumnType(1) == Types.BINARY;
        }
    }
}

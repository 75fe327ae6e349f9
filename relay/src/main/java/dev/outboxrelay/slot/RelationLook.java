package dev.outboxrelay.slot;

import dev.outboxrelay.check.PostgresFacts.Column;
import dev.outboxrelay.check.PostgresFacts.Grant;
import dev.outboxrelay.check.PostgresFacts.Policy;
import dev.outboxrelay.check.PostgresFacts.Relation;
import dev.outboxrelay.event.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads from the catalogs what holds for one table, and what the connection's role may do with it. */
final class RelationLook {

    private static final String RELATION = """
            SELECT c.oid::pg_catalog.int8, c.relkind::text,
                   pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
                   ARRAY(SELECT p FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
                          WHERE pg_catalog.has_table_privilege(c.oid, p)),
                   pg_catalog.row_security_active(c.oid),
                   EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
                   c.relreplident::text,
                   ARRAY(SELECT x.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                          WHERE (i.indrelid = c.oid OR c.relkind = 'p' AND i.indrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) p))
                            AND NOT x.relispartition AND EXISTS (
                            SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a
                              ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                             WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = x.oid
                               AND d.refobjid = i.indrelid AND a.attname = ANY (?::text[]))
                          ORDER BY 1)
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = ? AND c.relname = ?
            """;

    private static final String COLUMNS = """
            SELECT a.attname, ARRAY(SELECT p FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) p
                                     WHERE pg_catalog.has_column_privilege(a.attrelid, a.attnum, p))
              FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = ?::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
            """;

    /** Of the table and of its columns; not what the owner has by being that. */
    private static final String GRANTS = """
            SELECT g.privilege_type, g.attname, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(g.grantee) END
              FROM (
                SELECT x.privilege_type, NULL::pg_catalog.name AS attname, x.grantee, c.relowner
                  FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) x WHERE c.oid = ?::pg_catalog.oid
                UNION ALL
                SELECT x.privilege_type, a.attname, x.grantee, c.relowner
                  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid,
                       pg_catalog.aclexplode(a.attacl) x WHERE a.attrelid = ?::pg_catalog.oid
              ) g
             WHERE g.grantee <> g.relowner AND (g.grantee = 0 OR pg_catalog.pg_has_role(g.grantee, 'USAGE'))
             ORDER BY 3, 1, 2
            """;

    private static final String POLICIES = """
            SELECT p.polname, p.polpermissive, p.polcmd::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                   pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
              FROM pg_catalog.pg_policy p
             WHERE p.polrelid = ?::pg_catalog.oid AND EXISTS (
               SELECT FROM pg_catalog.unnest(p.polroles) r WHERE r = 0 OR pg_catalog.pg_has_role(r, 'USAGE'))
             ORDER BY 1
            """;

    private RelationLook() {}

    /** @param marked columns that the relay changes: indexes that name them are told */
    static Relation look(Connection connection, TableName table, List<String> marked) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(RELATION)) {
            statement.setArray(1, connection.createArrayOf("text", marked.toArray()));
            statement.setString(2, table.schema());
            statement.setString(3, table.table());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return new Relation(
                            table, "", false, Set.of(), List.of(), List.of(), false, List.of(), false, false,
                            List.of());
                }
                long oid = row.getLong(1);
                boolean primaryKey = row.getBoolean(6);
                String identity = row.getString(7);
                return new Relation(
                        table,
                        row.getString(2),
                        row.getBoolean(3),
                        Set.copyOf(texts(row.getArray(4))),
                        columns(connection, oid),
                        grants(connection, oid),
                        row.getBoolean(5),
                        policies(connection, oid),
                        identity.equals("f") || identity.equals("i") || (identity.equals("d") && primaryKey),
                        primaryKey,
                        texts(row.getArray(8)));
            }
        }
    }

    private static List<Column> columns(Connection connection, long oid) throws SQLException {
        List<Column> columns = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    columns.add(new Column(row.getString(1), Set.copyOf(texts(row.getArray(2)))));
                }
            }
        }
        return List.copyOf(columns);
    }

    private static List<Grant> grants(Connection connection, long oid) throws SQLException {
        List<Grant> grants = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(GRANTS)) {
            statement.setLong(1, oid);
            statement.setLong(2, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    grants.add(new Grant(row.getString(1), row.getString(2), row.getString(3)));
                }
            }
        }
        return List.copyOf(grants);
    }

    private static List<Policy> policies(Connection connection, long oid) throws SQLException {
        List<Policy> policies = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(POLICIES)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    policies.add(new Policy(
                            row.getString(1), row.getBoolean(2), row.getString(3), row.getString(4), row.getString(5)));
                }
            }
        }
        return List.copyOf(policies);
    }

    static List<String> texts(@Nullable Array array) throws SQLException {
        return array == null ? List.of() : List.copyOf(Arrays.asList((String[]) array.getArray()));
    }
}

package dev.outboxrelay.postgres;

import dev.outboxrelay.event.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * A column that a publication sends, as the catalog has it now.
 *
 * @param table empty where the name is none that the relay could be told to read
 * @param type the OID of its type
 * @param isUnsafeInBinary whether the server may fail to send it in binary: the send functions of arrays, rows and
 *     ranges are an error where a type that they hold has none
 */
public record PublishedColumn(Optional<TableName> table, String name, int type, boolean isUnsafeInBinary) {

    private static final String COLUMNS = """
            SELECT * FROM (
              SELECT p.schemaname, p.tablename, a.attname, a.atttypid::pg_catalog.int8,
                     t.typsend <> 0 AND (t.typcategory = 'C' OR t.typcategory = 'R' AND t.oid >= 16384
                       OR t.typcategory = 'A' AND (e.oid IS NULL OR e.typsend = 0 OR e.typcategory IN ('C', 'R')))
                       AS unsafe
                FROM pg_catalog.pg_publication_tables p
                JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname
                JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
                JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = ANY (p.attnames)
                JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
               WHERE p.pubname = ?) AS published
             WHERE unsafe OR schemaname || '.' || tablename = ANY (?)
            """;

    /**
     * The columns of some tables, and of all others those that are unsafe in binary.
     *
     * @param connection not one that is to read a slot afterwards: the query opens the tables, and what the server's
     *     process then has in its caches is not as old as the WAL
     */
    public static List<PublishedColumn> read(Connection connection, String publication, Collection<TableName> tables)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setString(1, publication);
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text", tables.stream().map(TableName::toString).toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                List<PublishedColumn> columns = new ArrayList<>();
                while (rows.next()) {
                    columns.add(new PublishedColumn(
                            TableName.parse(rows.getString(1) + '.' + rows.getString(2)),
                            rows.getString(3),
                            (int) rows.getLong(4),
                            rows.getBoolean(5)));
                }
                return columns;
            }
        }
    }
}

package dev.outboxrelay.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A tenant's committed outbox rows in commit order, inside a transaction in insert order. */
final class OutboxContents implements Contents, AutoCloseable {

    private static final int FETCH = 500;
    private static final String ROWS = """
            SELECT m.id::text, m.subject, encode(sha256(m.payload), 'hex'),
                   m.headers ->> 'traceparent', m.headers ->> 'content-type'
              FROM outbox.message m
              LEFT JOIN shop.commit_order c ON c.trace_id = substr(m.headers ->> 'traceparent', 4, 32)
             WHERE m.tenant_id = ?
             ORDER BY c.number, m.seq""";

    private final String tenant;
    private final Connection connection;
    private final PreparedStatement statement;
    private final ResultSet rows;

    private OutboxContents(String tenant, Connection connection, PreparedStatement statement, ResultSet rows) {
        this.tenant = tenant;
        this.connection = connection;
        this.statement = statement;
        this.rows = rows;
    }

    /** Opens a cursor: rows come in portions, however many there are. */
    static OutboxContents open(Login operator, String tenant) throws SQLException {
        Connection connection = operator.open();
        try {
            connection.setAutoCommit(false);
            PreparedStatement statement = connection.prepareStatement(ROWS);
            statement.setFetchSize(FETCH);
            statement.setString(1, tenant);
            return new OutboxContents(tenant, connection, statement, statement.executeQuery());
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public @Nullable Content next() throws DemoFailed {
        try {
            if (!rows.next()) {
                return null;
            }
            return new Content(
                    rows.getString(1),
                    tenant,
                    Fingerprint.of(
                            "tenant." + tenant + "." + rows.getString(2),
                            rows.getString(3),
                            rows.getString(4),
                            rows.getString(5)));
        } catch (SQLException e) {
            throw new DemoFailed("cannot read the outbox of tenant " + tenant, e);
        }
    }

    @Override
    public void close() throws SQLException {
        statement.close();
        connection.close();
    }
}

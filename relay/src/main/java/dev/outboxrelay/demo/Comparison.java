package dev.outboxrelay.demo;

import dev.outboxrelay.demo.Difference.Kind;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Compares the outbox with the streams of all tenants, id by id, when nothing is written any more. */
final class Comparison {

    private final Login operator;
    private final Connection nats;

    Comparison(Login operator, Connection nats) {
        this.operator = operator;
        this.nats = nats;
    }

    /**
     * What was found.
     *
     * @param events how many events were equal in id, place, subject, payload and headers
     * @param agedOut how many events were not compared, because limits of their streams had dropped them
     * @param unmarked how many rows do not say that they are published
     */
    record Report(long events, long agedOut, long unmarked, long deadLetters, List<Difference> differences) {

        boolean isClean() {
            return differences.isEmpty() && unmarked == 0 && deadLetters == 0;
        }
    }

    Report run() throws DemoFailed {
        long events = 0;
        long agedOut = 0;
        List<Difference> differences = new ArrayList<>();
        for (SampleTenant tenant : SampleTenant.ALL) {
            try (OutboxContents expected = OutboxContents.open(operator, tenant.id());
                    StreamContents actual = open(tenant)) {
                long dropped = actual.dropped();
                for (long skipped = 0; skipped < dropped; skipped++) {
                    expected.next();
                }
                TenantComparison.Result result = TenantComparison.compare(tenant.id(), expected, actual);
                events += result.agreed();
                agedOut += dropped;
                differences.addAll(result.differences());
            } catch (DemoFailed | SQLException | IOException | JetStreamApiException e) {
                differences.add(new Difference(Kind.UNREADABLE, tenant.id(), "all", String.valueOf(e.getMessage())));
            }
        }
        return new Report(
                events,
                agedOut,
                count("SELECT count(*) FROM outbox.message WHERE status <> 'published'"),
                count("SELECT count(*) FROM outbox.dead_letter"),
                List.copyOf(differences));
    }

    private StreamContents open(SampleTenant tenant) throws IOException, JetStreamApiException {
        try {
            return StreamContents.open(nats, tenant.stream());
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() == StreamWatch.NOT_FOUND) {
                return StreamContents.none(tenant.stream());
            }
            throw e;
        }
    }

    private long count(String sql) throws DemoFailed {
        try (java.sql.Connection connection = operator.open();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new DemoFailed("cannot read the outbox", e);
        }
    }
}

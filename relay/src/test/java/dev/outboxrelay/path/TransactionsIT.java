package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.io.StringReader;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/** Exactly the committed rows arrive, in commit order, and inside a transaction in insert order. */
final class TransactionsIT {

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig rig;
    private static Neighbours neighbours;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("transactions");
        rig = outbox.relay(nats, Map.of());
        neighbours = Neighbours.beside(outbox, client);
    }

    @AfterAll
    static void everybody_else_was_left_alone() throws Exception {
        try {
            neighbours.finish();
            assertThat(outbox.count("outbox.dead_letter WHERE state = 'dead'")).isZero();
            outbox.awaitAllMarked(Duration.ofSeconds(40));
        } finally {
            neighbours.leave();
            rig.close();
            nats.close();
            outbox.close();
        }
    }

    @Test
    void copy_of_10_000_rows() throws Exception {
        List<String> tenants = List.of("copy-a", "copy-b", "copy-c");
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            Row row = Row.of(tenants.get(i % 3));
            lines.append(row.id()).append('\t').append(row.tenant()).append("\ta.b\t\\\\x00ff\t{\"n\": \"");
            lines.append(i).append("\"}\n");
        }

        try (var writer = outbox.as(TestPostgres.WRITER)) {
            writer.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(
                            "COPY outbox.message (id, tenant_id, subject, payload, headers) FROM STDIN",
                            new StringReader(lines.toString()));
        }

        assertEqualsCommitted(tenants, 10_000);
    }

    @Test
    void a_transaction_with_savepoints_of_which_some_are_rolled_back() throws Exception {
        List<Row> kept =
                IntStream.range(0, 6).mapToObj(i -> Row.of("savepoints")).toList();
        try (var writer = outbox.as(TestPostgres.WRITER)) {
            writer.setAutoCommit(false);
            Outbox.insert(writer, kept.subList(0, 2));
            Savepoint outer = writer.setSavepoint();
            Outbox.insert(writer, List.of(Row.of("savepoints"), Row.of("savepoints-rolled-back")));
            writer.setSavepoint();
            Outbox.insert(writer, List.of(Row.of("savepoints")));
            writer.rollback(outer);
            Outbox.insert(writer, kept.subList(2, 4));
            Savepoint released = writer.setSavepoint();
            Outbox.insert(writer, kept.subList(4, 5));
            writer.releaseSavepoint(released);
            Outbox.insert(writer, kept.subList(5, 6));

            writer.commit();
        }

        awaitIds("savepoints", kept.stream().map(Row::id).toList());
        assertThat(Streams.ids(client, "savepoints-rolled-back")).isEmpty();
    }

    @Test
    void a_transaction_that_is_rolled_back() throws Exception {
        Row before = Row.of("rollback");
        Row after = Row.of("rollback");
        outbox.insert(before);
        try (var writer = outbox.as(TestPostgres.WRITER)) {
            writer.setAutoCommit(false);
            Outbox.insert(
                    writer,
                    IntStream.range(0, 500).mapToObj(i -> Row.of("rollback")).toList());

            writer.rollback();
        }
        outbox.insert(after);

        awaitIds("rollback", List.of(before.id(), after.id()));
    }

    @Test
    void one_transaction_of_100_000_rows() throws Exception {
        List<String> tenants = List.of("large-0", "large-1", "large-2", "large-3", "large-4");
        try (var writer = outbox.as(TestPostgres.WRITER);
                Statement statement = writer.createStatement()) {
            statement.execute(
                    "INSERT INTO outbox.message (id, tenant_id, subject, payload)"
                            + " SELECT gen_random_uuid(), 'large-' || i % 5, 'events.bulk', '\\x00' FROM generate_series(1, 100000) i");
        }

        assertEqualsCommitted(tenants, 100_000);
    }

    @Test
    void concurrent_transactions_that_interleave() throws Exception {
        List<String> tenants = List.of("inter-a", "inter-b", "inter-c", "inter-d");
        try (Load load = Load.start(outbox, tenants, 6, 42)) {
            Await.until("2,000 rows are committed", () -> load.rows() > 2_000);
        }

        assertEqualsCommitted(tenants, 2_000);
    }

    @Test
    void transactions_commit_in_another_order_than_they_insert() throws Exception {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            rows.add(Row.of("late-commit"));
        }
        try (var first = outbox.as(TestPostgres.WRITER);
                var second = outbox.as(TestPostgres.WRITER);
                var third = outbox.as(TestPostgres.WRITER)) {
            for (var writer : List.of(first, second, third)) {
                writer.setAutoCommit(false);
            }
            Outbox.insert(first, rows.subList(0, 1));
            Outbox.insert(second, rows.subList(1, 2));
            Outbox.insert(third, rows.subList(2, 3));
            Outbox.insert(first, rows.subList(3, 4));
            Outbox.insert(third, rows.subList(4, 5));
            Outbox.insert(second, rows.subList(5, 6));

            third.commit();
            first.commit();
            second.commit();
        }

        awaitIds(
                "late-commit",
                Stream.of(2, 4, 0, 3, 1, 5).map(i -> rows.get(i).id()).toList());
    }

    private static void assertEqualsCommitted(List<String> tenants, int atLeast) throws Exception {
        Map<String, List<String>> committed = outbox.committed();
        int sum = 0;
        for (String tenant : tenants) {
            List<String> expected = committed.getOrDefault(tenant, List.of());
            sum += expected.size();
            awaitIds(tenant, expected);
        }
        assertThat(sum).isGreaterThanOrEqualTo(atLeast);
    }

    private static void awaitIds(String tenant, List<String> expected) throws Exception {
        Await.until(
                expected.size() + " messages of " + tenant,
                Duration.ofSeconds(60),
                () -> Streams.size(client, Streams.of(tenant)) >= expected.size());
        assertThat(Streams.ids(client, tenant)).isEqualTo(expected);
    }
}

package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.check.Check;
import dev.outboxrelay.check.Doctor;
import dev.outboxrelay.check.End;
import dev.outboxrelay.check.Group;
import dev.outboxrelay.check.NatsFacts;
import dev.outboxrelay.check.Result;
import dev.outboxrelay.check.Status;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.slot.PostgresLook;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A relay on an outbox that {@code schema/optional/partitioned.sql} has partitioned, new or while it is in use. */
final class PartitionedIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static TestNats nats;
    private static Connection client;
    private static int databases;

    private Outbox outbox;

    @BeforeAll
    static void startNats() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
    }

    @AfterAll
    static void stopNats() {
        nats.close();
    }

    PartitionedIT() throws SQLException {
        outbox = Outbox.withoutSlots(SharedPostgres.get(), "partitioned_" + databases++);
    }

    @AfterEach
    void drop() throws Exception {
        for (String stream : client.jetStreamManagement().getStreamNames()) {
            client.jetStreamManagement().deleteStream(stream);
        }
        outbox.close();
    }

    private void partition() throws SQLException, IOException {
        outbox.execute(Files.readString(Repository.root().resolve("schema/optional/partitioned.sql")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lean", "stock"})
    void rows_of_every_partition_are_published_and_marked_and_an_old_one_goes_while_the_relay_runs(String reader)
            throws Exception {
        partition();
        outbox.createSlots();
        outbox.execute("CREATE TABLE outbox.message_p20200101 PARTITION OF outbox.message"
                + " FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-01-02 00:00+00')");
        outbox.execute("CREATE TABLE outbox.message_p20200102 PARTITION OF outbox.message"
                + " FOR VALUES FROM ('2020-01-02 00:00+00') TO ('2020-01-03 00:00+00')");
        try (RelayRig rig = outbox.relay(nats, Map.of("outbox.source.reader", reader));
                java.sql.Connection owner = outbox.superuser()) {
            rig.awaitStreaming();
            assertThat(complaints()).isEmpty();
            Row bad = Row.of("acme", "a..b");
            insert(owner, Row.of("acme"), "2020-01-01 12:00+00");
            insert(owner, bad, "2020-01-02 12:00+00");
            insert(owner, Row.of("acme"), "2020-01-02 13:00+00");
            outbox.insert(Row.of("acme"));
            insert(owner, Row.of("acme"), "2999-01-01 12:00+00");
            outbox.awaitAllMarked(PATIENCE);
            assertThat(outbox.count("outbox.message WHERE tableoid = 'outbox.message_default'::regclass"
                            + " AND status = 'published'"))
                    .isEqualTo(1);
            assertThat(outbox.status(bad.id())).isEqualTo("failed");

            assertThat(dropPartitions()).containsExactly("outbox.message_p20200101 emptied 0");
            outbox.insert(Row.of("acme"));
            assertThat(dropPartitions()).containsExactly("outbox.message_p20200101 dropped 0");
            outbox.insert(Row.of("acme"));
            assertThat(dropPartitions()).containsExactly("outbox.message_p20200102 kept 1");
            outbox.execute("UPDATE outbox.dead_letter SET state = 'discarded', resolved_at = now()");
            assertThat(dropPartitions()).containsExactly("outbox.message_p20200102 emptied 0");
            assertThat(dropPartitions()).containsExactly("outbox.message_p20200102 dropped 0");
            assertThat(dropPartitions()).isEmpty();
            outbox.insert(Row.of("acme"));

            // rows that came without a partition stay, are in nobody's way, and are purged like others
            assertThat(outbox.value("SELECT outbox.make_partitions('10 days')")).isEqualTo("3");
            insert(owner, Row.of("acme"), "2999-01-01 13:00+00");
            outbox.awaitAllMarked(PATIENCE);
            int before = outbox.count("outbox.message");
            outbox.execute("UPDATE outbox.message SET created_at = now() - interval '30 days', published_at ="
                    + " now() - interval '29 days' WHERE created_at > '2900-01-01'");
            assertThat(outbox.value("SELECT outbox.purge('7 days', 1)")).isEqualTo("1");
            assertThat(outbox.value("SELECT outbox.purge('7 days')")).isEqualTo("1");
            assertThat(outbox.count("outbox.message")).isEqualTo(before - 2);
            assertThat(complaints()).isEmpty();
        }
        List<String> committed = outbox.committed().getOrDefault("acme", List.of());
        assertThat(Streams.ids(client, "acme")).hasSize(8).isSubsetOf(committed);
        assertThat(Streams.ids(client, "acme"))
                .isEqualTo(committed.stream()
                        .filter(Streams.ids(client, "acme")::contains)
                        .toList());
    }

    /** Its table becomes the first partition: no row is moved, none is published twice, and the order goes on. */
    @Test
    void an_outbox_in_use_is_partitioned_while_the_relay_runs_and_while_it_is_away() throws Exception {
        outbox.createSlots();
        outbox.insert(rows(50));
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            outbox.awaitAllMarked(PATIENCE);
        }
        outbox.insert(rows(50)); // read from the WAL of a table that has another name by then
        outbox.execute("CREATE UNIQUE INDEX CONCURRENTLY message_id_created_at ON outbox.message (id, created_at)");
        // as schema/README.md, "Changing over an outbox that has rows"
        outbox.execute(
                "ALTER TABLE outbox.message ADD CONSTRAINT message_before CHECK (created_at < '2999-12-01 00:00+00')"
                        + " NOT VALID");
        outbox.execute("ALTER TABLE outbox.message VALIDATE CONSTRAINT message_before");
        outbox.execute("SET outbox.partitions_from = '2999-12-01 00:00+00';"
                + Files.readString(Repository.root().resolve("schema/optional/partitioned.sql")));
        assertThat(outbox.value("SELECT count(*) FROM pg_constraint WHERE conname = 'message_before'"))
                .isEqualTo("0");
        outbox.insert(rows(50));
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            outbox.insert(rows(50));
            outbox.awaitAllMarked(PATIENCE);
            assertThat(complaints()).isEmpty();
        }
        assertThat(Streams.ids(client, "acme"))
                .hasSize(200)
                .isEqualTo(outbox.committed().get("acme"));
        assertThat(outbox.value("SELECT count(DISTINCT seq) || ' ' || max(seq) FROM outbox.message"))
                .startsWith("200 ");
        assertThat(outbox.value("SELECT count(*) FROM outbox.partitions() WHERE partition::text LIKE '%before%'"))
                .isEqualTo("1");
    }

    @Test
    void a_running_relay_does_not_notice_the_change() throws Exception {
        outbox.createSlots();
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            outbox.insert(rows(50));
            partition();
            outbox.insert(rows(50));
            neighbours.finish();
            outbox.awaitAllMarked(PATIENCE);
        }
        assertThat(Streams.ids(client, "acme"))
                .hasSize(100)
                .isEqualTo(outbox.committed().get("acme"));
    }

    @Test
    void a_publication_of_partitions_is_refused_at_start_and_mended() throws Exception {
        partition();
        outbox.createSlots();
        // with a column list PostgreSQL refuses it itself
        outbox.execute("ALTER PUBLICATION outbox DROP TABLE outbox.message");
        outbox.execute("ALTER PUBLICATION outbox SET (publish_via_partition_root = false)");
        outbox.execute("ALTER PUBLICATION outbox ADD TABLE outbox.message");
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            List<String> problems = rig.refusal().problems();
            assertThat(problems).hasSize(1);
            assertThat(problems.get(0))
                    .contains("outbox.message is partitioned", "SET (publish_via_partition_root = true);");
        }
        assertThat(complaints()).extracting(Result::check).contains(Check.PUBLICATION_ROOT);
        outbox.execute("ALTER PUBLICATION outbox SET (publish_via_partition_root = true)");
        outbox.execute("ALTER PUBLICATION outbox SET TABLE outbox.message (id, tenant_id, subject, payload, headers),"
                + " outbox.policy_change (object, key, policy, xact)");
        outbox.execute("CREATE INDEX on_status ON outbox.message (status)");
        assertThat(complaints()).extracting(Result::check).containsExactly(Check.STATUS_INDEX);
        outbox.execute("DROP INDEX outbox.on_status");
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            outbox.insert(rows(1));
            outbox.awaitAllMarked(PATIENCE);
        }
    }

    /** What the doctor says of the database, where it is not content. */
    private List<Result> complaints() {
        Settings settings = RelayRig.settings(outbox.settings(nats, Map.of()));
        return Doctor.examine(
                        settings,
                        PostgresLook.look(settings, InstantSource.system()),
                        End.<NatsFacts>away(End.Failure.AWAY, "nobody asked"),
                        EnumSet.allOf(Check.class))
                .results()
                .stream()
                .filter(result -> EnumSet.of(Group.ROLE, Group.PUBLICATION, Group.OUTBOX)
                        .contains(result.check().group()))
                .filter(result -> result.status() == Status.FAIL || result.status() == Status.WARN)
                .toList();
    }

    private List<String> dropPartitions() throws SQLException {
        List<String> done = new ArrayList<>();
        try (java.sql.Connection operator = outbox.as(TestPostgres.OPERATOR);
                Statement statement = operator.createStatement();
                var row = statement.executeQuery("SELECT * FROM outbox.drop_partitions('7 days')")) {
            while (row.next()) {
                done.add(row.getString(1) + " " + row.getString(2) + " " + row.getString(3));
            }
        }
        return done;
    }

    private static void insert(java.sql.Connection owner, Row row, String createdAt) throws SQLException {
        try (var statement = owner.prepareStatement("INSERT INTO outbox.message (id, tenant_id, subject, payload,"
                + " created_at) VALUES (?::uuid, ?, ?, ?, ?::timestamptz)")) {
            statement.setString(1, row.id());
            statement.setString(2, row.tenant());
            statement.setString(3, row.subject());
            statement.setBytes(4, row.payload().bytes());
            statement.setString(5, createdAt);
            statement.executeUpdate();
        }
    }

    private static List<Row> rows(int count) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(Row.of("acme"));
        }
        return rows;
    }
}

package dev.outboxrelay.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nats.client.JetStreamManagement;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The servers that every other integration test stands on: real, closed to strangers, and faithful over a kill. */
@Timeout(120)
final class TestServersIT {
    private static final byte[] PAYLOAD = "one".getBytes(StandardCharsets.UTF_8);

    @Test
    void postgres_keeps_committed_rows_and_its_port_when_it_is_killed_and_restarted() throws Exception {
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");

            postgres.kill();

            assertThatThrownBy(postgres::superuser).isInstanceOf(SQLException.class);
            postgres.restart();
            assertThat(ask(postgres, "SELECT n FROM kept")).isEqualTo("7");
        }
    }

    @Test
    void postgres_takes_no_wrong_password_and_makes_a_logical_slot() throws Exception {
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute("CREATE ROLE guest LOGIN PASSWORD 'right'");
            postgres.connect("guest", "right").close();

            assertThatThrownBy(() -> postgres.connect("guest", "wrong"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("password authentication failed");

            String slot = "SELECT slot_name FROM pg_create_logical_replication_slot('one', 'pgoutput')";
            assertThat(ask(postgres, slot)).isEqualTo("one");
            assertThat(ask(postgres, "SELECT DISTINCT auth_method FROM pg_hba_file_rules"))
                    .isEqualTo("scram-sha-256");
        }
    }

    @Test
    void postgres_starts_with_the_settings_and_the_version_that_a_test_asks_for() throws Exception {
        PostgresOptions options = PostgresOptions.defaults().with("wal_level", "replica");
        try (TestPostgres postgres = TestPostgres.start(options.flushedToDisk())) {

            postgres.set("max_slot_wal_keep_size", "64MB");

            assertThat(ask(postgres, "SHOW wal_level")).isEqualTo("replica");
            assertThat(ask(postgres, "SHOW fsync")).isEqualTo("on");
            assertThat(ask(postgres, "SHOW server_version_num")).startsWith(options.version() + "0");
            Await.until(
                    "the reload took effect",
                    () -> ask(postgres, "SHOW max_slot_wal_keep_size").equals("64MB"));
        }
    }

    @Test
    void a_paused_postgres_is_silent_until_it_is_resumed() throws Exception {
        try (TestPostgres postgres = TestPostgres.start();
                Connection connection = postgres.superuser()) {
            connection.setNetworkTimeout(Runnable::run, 500);

            postgres.pause();

            assertThatThrownBy(() -> connection.createStatement().execute("SELECT 1"))
                    .isInstanceOf(SQLException.class);
            postgres.resume();
            assertThat(ask(postgres, "SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void jetstream_keeps_acknowledged_messages_when_it_is_killed_and_restarted() throws Exception {
        try (TestNats nats = TestNats.start()) {
            io.nats.client.Connection connection = nats.connection();
            JetStreamManagement management = connection.jetStreamManagement();
            management.addStream(stream("KEPT", 1));
            connection.jetStream().publish("kept.one", PAYLOAD);

            nats.kill();
            nats.restart();

            Await.until(
                    "the message is there after the restart",
                    () -> management.getStreamInfo("KEPT").getStreamState().getMsgCount() == 1);
        }
    }

    @Test
    void a_nats_server_without_jetstream_or_with_a_password_is_what_the_options_say() throws Exception {
        NatsOptions options = NatsOptions.defaults()
                .withoutJetStream()
                .with("max_payload: 64KB")
                .with("authorization { user: tester, password: secret }")
                .connectingAs("tester", "secret");
        try (TestNats nats = TestNats.start(options)) {
            io.nats.client.Connection connection = nats.connection();

            assertThatThrownBy(() -> connection.jetStreamManagement().getAccountStatistics())
                    .isInstanceOf(Exception.class);
            assertThat(connection.getServerInfo().getMaxPayload()).isEqualTo(65_536);
        }
    }

    @Test
    void a_cluster_of_three_stores_a_replicated_message_while_one_server_is_dead() throws Exception {
        try (TestNats nats = TestNats.cluster(3)) {
            io.nats.client.Connection connection = nats.connection();
            connection.jetStreamManagement().addStream(stream("KEPT", 3));

            nats.node(2).kill();

            PublishAck ack = Await.value(
                    "a quorum of two acknowledges",
                    Duration.ofSeconds(30),
                    () -> connection.jetStream().publish("kept.one", PAYLOAD));
            assertThat(ack.getStream()).isEqualTo("KEPT");
            nats.node(2).restart();
            nats.awaitReady();
        }
    }

    private static StreamConfiguration stream(String name, int replicas) {
        return StreamConfiguration.builder()
                .name(name)
                .subjects("kept.>")
                .storageType(StorageType.File)
                .replicas(replicas)
                .build();
    }

    private static String ask(TestPostgres postgres, String query) throws SQLException {
        try (Connection connection = postgres.superuser();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getString(1);
        }
    }
}

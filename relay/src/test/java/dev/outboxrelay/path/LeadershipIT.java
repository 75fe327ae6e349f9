package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.admin.Role;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One instance leads, the others stand by, and nobody acts on a leadership that is over. */
final class LeadershipIT {

    private TestPostgres postgres;
    private TestNats nats;
    private Connection client;
    private final List<RelayRig> rigs = new ArrayList<>();
    private final List<String> written = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        postgres = TestPostgres.start();
        postgres.installSchema();
        nats = TestNats.start();
        client = nats.connection();
    }

    @AfterEach
    void stop() {
        rigs.forEach(RelayRig::close);
        nats.close();
        postgres.close();
    }

    @Test
    void a_standby_takes_over_from_a_leader_that_stops_and_nothing_comes_twice() throws Exception {
        RelayRig first = leader();
        RelayRig second = rig();
        Await.until("a standby", () -> second.relay().status().role() == Role.STANDBY);
        write(20);
        Await.until("20 messages", () -> stored().size() == 20);

        first.close();

        Await.until(
                "a new leader",
                Duration.ofSeconds(5),
                () -> second.relay().status().role() == Role.LEADER);
        write(20);
        Await.until("40 messages", () -> stored().size() >= 40);
        assertThat(stored()).isEqualTo(written);
        assertThat(term()).isEqualTo(2);
    }

    /** What fifty sidecars of one database may cost its servers. */
    @Test
    void a_standby_has_one_connection_to_postgres_and_none_to_nats() throws Exception {
        leader();
        int clients = natsConnections();
        RelayRig standby = RelayRig.start(
                postgres, nats, Map.of("outbox.postgres.url", postgres.jdbcUrl() + "?ApplicationName=standby"));
        rigs.add(standby);
        Await.until("a standby", () -> standby.relay().status().role() == Role.STANDBY);

        // since it stood by it has asked again who leads, on the same connection
        Await.until(
                "it has asked again",
                () -> number("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'standby'"
                                + " AND state = 'idle' AND state_change > backend_start + interval '1 second'")
                        == 1);
        assertThat(number("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'standby'"))
                .isEqualTo(1);
        assertThat(natsConnections()).isEqualTo(clients);
    }

    @Test
    void a_leader_whose_lock_session_ends_steps_down_and_somebody_leads_again() throws Exception {
        leader();
        rig();
        write(20);

        postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        + " WHERE application_name = 'outbox-relay leader' AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')");

        Await.until("a second term", Duration.ofSeconds(15), () -> term() >= 2);
        write(20);
        Await.until("40 messages", () -> stored().size() >= 40);
        assertThat(stored()).isEqualTo(written);
    }

    @Test
    void a_leader_of_an_earlier_term_settles_nothing_more() throws Exception {
        RelayRig rig = leader();
        write(1);
        Await.until("one row marked", () -> marked() == 1);

        postgres.execute("UPDATE outbox.leader SET term = term + 10");
        write(1);

        Await.until("stepped down and elected again", Duration.ofSeconds(15), () -> term() >= 12);
        Await.until("leading again", () -> rig.relay().status().role() == Role.LEADER);
        Await.until("two rows marked", () -> marked() == 2);
        assertThat(stored()).isEqualTo(written);
    }

    @Test
    void a_term_that_went_back_is_raised_above_those_in_the_streams() throws Exception {
        postgres.execute("INSERT INTO outbox.leader VALUES ('outbox_relay', 40, 'test')");
        RelayRig first = leader();
        write(5);
        Await.until("5 messages", () -> stored().size() == 5);
        first.close();

        // a backup is restored, a promoted standby had not heard of the last terms, or the schema is installed again
        postgres.execute("DELETE FROM outbox.leader");

        leader();
        write(5);
        Await.until("10 messages", () -> stored().size() >= 10);
        assertThat(stored()).isEqualTo(written);
        assertThat(term()).isEqualTo(42);
    }

    @Test
    void a_new_term_waits_for_a_nats_server_that_refuses_what_it_granted_before() throws Exception {
        try (TestNats bare = TestNats.start(NatsOptions.defaults().withoutJetStream())) {
            bare.stop();
            RelayRig rig = RelayRig.start(postgres, nats, Map.of("outbox.nats.url", nats.url() + "," + bare.url()));
            rigs.add(rig);
            Await.until("a leader", () -> rig.relay().status().role() == Role.LEADER);
            write(1);
            Await.until("one row marked", () -> marked() == 1);
            bare.restart();
            nats.stop();

            postgres.execute("UPDATE outbox.leader SET term = term + 10");
            write(1);

            Await.until(
                    "it says what it waits for",
                    () -> String.valueOf(rig.relay().status().nats().lastError())
                            .contains("JetStream"));
            nats.restart();
            Await.until("two rows marked", () -> marked() == 2);
            assertThat(stored()).isEqualTo(written);
        }
    }

    private RelayRig leader() {
        RelayRig rig = rig();
        Await.until("a leader", () -> rig.relay().status().role() == Role.LEADER);
        return rig;
    }

    private RelayRig rig() {
        RelayRig rig = RelayRig.start(postgres, nats, Map.of());
        rigs.add(rig);
        return rig;
    }

    private List<String> stored() throws Exception {
        return RelayRig.ids(client, "TENANT_ACME");
    }

    private int natsConnections() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(nats.node(0).monitorUrl() + "/connz"))
                .build();
        String answer = HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
        Matcher total = Pattern.compile("\"num_connections\": ?(\\d+)").matcher(answer);
        assertThat(total.find()).as(answer).isTrue();
        return Integer.parseInt(total.group(1));
    }

    private long term() throws SQLException {
        return number("SELECT term FROM outbox.leader");
    }

    private long marked() throws SQLException {
        return number("SELECT count(*) FROM outbox.message WHERE status = 'published'");
    }

    private long number(String sql) throws SQLException {
        try (var c = postgres.superuser();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery(sql)) {
            return r.next() ? r.getLong(1) : 0;
        }
    }

    private void write(int rows) throws SQLException {
        try (var c = postgres.connect(TestPostgres.WRITER);
                PreparedStatement s = c.prepareStatement("SELECT outbox.publish('acme', 'events.x', ?)")) {
            for (int i = 0; i < rows; i++) {
                s.setBytes(1, ("payload " + i).getBytes(StandardCharsets.UTF_8));
                try (ResultSet r = s.executeQuery()) {
                    r.next();
                    written.add(r.getString(1));
                }
            }
        }
    }
}

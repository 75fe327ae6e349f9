package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.admin.Role;
import dev.outboxrelay.cli.CommandLineRun;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.Message;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two slots that share the tenants, as {@code schema/optional/several-slots.sql} and {@code ops/guides/scale-out.md}
 * have it, and a stop of everything, as {@code ops/guides/pause-everything.md} has it; both under load.
 */
final class ScaleOutIT {

    private static final List<String> TENANTS = List.of("big", "big", "big", "t-1", "t-2", "t-3", "t-4", "t-5", "t-6");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String TOKEN = "0123456789abcdef-token-one";

    private static int databases;

    @TempDir
    private Path folder;

    private TestNats nats;
    private Connection client;
    private Outbox outbox;
    private final List<RelayProcess> relays = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("scale_out_" + databases++);
    }

    @AfterEach
    void stop() throws Exception {
        relays.forEach(RelayProcess::close);
        nats.close();
        outbox.close();
    }

    /** The witness reads the publication outbox, so the first share has one of its own. */
    @Test
    void tenants_move_to_a_second_slot_under_load_while_the_first_ones_leader_is_killed() throws Exception {
        dealOut();
        RelayProcess leader = relay(outbox.slot(), "share_a", false);
        awaitLeads(leader);
        try (Load load = Load.start(outbox, TENANTS, 3, 31)) {
            Streams.awaitMore(client, 300);
            // rows that the first slot has, and the second must not take from the table
            outbox.execute("SELECT outbox.add_share('" + second() + "', 'share_b')");
            outbox.execute("SELECT pg_create_logical_replication_slot('" + second() + "', 'pgoutput')");
            assertThatThrownBy(() -> move("0")).hasMessageContaining("no relay reads slot");
            RelayProcess hasty = relay(second(), "share_b", false);
            awaitLeads(hasty);
            assertThatThrownBy(() -> move("0")).hasMessageContaining("is not paused");
            assertThat(hasty.terminate(PATIENCE)).isZero();
            RelayProcess holding = relay(second(), "share_b", true);
            RelayProcess standby = relay(outbox.slot(), "share_a", false);
            awaitLeads(holding);
            Await.until("the third stands by", PATIENCE, standby::standsBy);

            move("outbox.bucket('big'), outbox.bucket('t-1'), outbox.bucket('t-2'), outbox.bucket('t-3')");
            String moved = outbox.superuserValue("SELECT pg_current_wal_insert_lsn()");
            leader.kill();
            awaitLeads(standby);
            Await.until("the second slot's relay holds what it gets", PATIENCE, () -> parked(second()) > 100);
            Await.until("the first slot is past the move", PATIENCE, () -> isPast(outbox.slot(), moved));
            Await.until("nothing of theirs waits for it", PATIENCE, this::lettersMoved);
            assertThat(slots("big")).containsExactly(outbox.slot());

            assertThat(holding.terminate(PATIENCE)).isZero();
            RelayProcess released = relay(second(), "share_b", false);
            awaitLeads(released);
            Await.until("it sends what it held", PATIENCE, () -> parked(second()) == 0);
            Streams.awaitMore(client, 300);
            assertThat(standby.leads()).isTrue();
            assertThat(load.rows()).isPositive();
        }
        ExactlyOnce.demand(outbox, client);
        Set<String> staying = new TreeSet<>();
        for (String tenant : Set.copyOf(TENANTS)) {
            boolean stays = outbox.slot().equals(outbox.superuserValue("SELECT outbox.share_of('" + tenant + "')"));
            assertThat(slots(tenant))
                    .as("the slots whose relays published %s, in order", tenant)
                    .containsExactlyElementsOf(stays ? List.of(outbox.slot()) : List.of(outbox.slot(), second()));
            if (stays) {
                staying.add(tenant);
            }
        }
        assertThat(staying).isNotEmpty();
        assertThat(outbox.value("SELECT count(*) FROM outbox.dead_letter WHERE slot = '" + second() + "'"))
                .isNotEqualTo("0");
    }

    private void dealOut() throws Exception {
        outbox.execute("CREATE PUBLICATION share_a FOR TABLE outbox.message (id, tenant_id, subject, payload, headers),"
                + " outbox.policy_change (object, key, policy, xact) WITH (publish = 'insert')");
        outbox.execute("SET outbox.first_slot = '" + outbox.slot() + "'; SET outbox.first_publication = 'share_a'; "
                + Files.readString(Repository.root().resolve("schema/optional/several-slots.sql")));
    }

    /**
     * A letter or a row that is handed to another slot's relay would be published by it: a second publisher of the
     * stream.
     */
    @Test
    void nothing_of_a_tenant_is_sent_again_through_the_slot_of_others() throws Exception {
        dealOut();
        String token = Files.writeString(folder.resolve("token"), TOKEN + "\n").toString();
        Map<String, String> first = settings(outbox.slot(), "share_a", Map.of("outbox.admin.token-file", token));
        try (RelayRig one = RelayRig.start(first).awaitStreaming()) {
            List<String> dead = deadLetters("big");
            outbox.execute("SELECT outbox.add_share('" + second() + "', 'share_b')");
            outbox.execute("SELECT pg_create_logical_replication_slot('" + second() + "', 'pgoutput')");
            try (RelayRig paused = RelayRig.start(settings(second(), "share_b", Map.of("outbox.lanes.paused", "true")))
                    .awaitStreaming()) {
                move("outbox.bucket('big')");
                assertThat(paused.relay().status().role()).isEqualTo(Role.LEADER);
            }
            try (RelayRig two =
                    RelayRig.start(settings(second(), "share_b", Map.of())).awaitStreaming()) {
                // the tenant has moved, its letters have not
                assertThat(command(outbox.slot(), 1, "dlq", "replay", "--tenant", "big"))
                        .contains("big", "belongs to slot " + second(), "this is slot " + outbox.slot() + ".")
                        .contains("outbox.move_letters()", "OUTBOX_POSTGRES_SLOT=" + second())
                        .doesNotContain("--set-subject");
                assertThat(replayedByPage(one, "big"))
                        .contains("\"changed\":0", "\"refused\":3", "belongs to slot " + second());
                outbox.execute("REVOKE SELECT ON outbox.share FROM outbox_operator, outbox_relay");
                assertThat(command(outbox.slot(), 1, "dlq", "replay", "--tenant", "big"))
                        .contains("GRANT SELECT ON outbox.share TO outbox_operator, outbox_relay;");
                assertThat(replayedByPage(one, "big")).contains("error");
                outbox.execute("GRANT SELECT ON outbox.share TO outbox_operator, outbox_relay");
                assertThat(outbox.superuserValue("SELECT outbox.move_letters()"))
                        .isEqualTo("3");

                try (Load load = Load.start(outbox, TENANTS, 2, 33)) {
                    Streams.awaitMore(client, 200);
                    // both have
                    String letter = String.valueOf(outbox.value("SELECT min(seq) FROM outbox.dead_letter"));
                    assertThat(command(outbox.slot(), 1, "dlq", "replay", letter))
                            .contains("letter " + letter + " is one of slot " + second())
                            .contains("OUTBOX_POSTGRES_SLOT=" + second());
                    assertThat(command(outbox.slot(), 1, "dlq", "discard", letter))
                            .contains("letter " + letter + " is one of slot " + second());
                    for (String[] again : List.of(
                            new String[] {"dlq", "replay", "--tenant", "big"},
                            new String[] {"republish", "--tenant", "big"},
                            new String[] {"republish", "--tenant", "big", "--dry-run"})) {
                        assertThat(command(outbox.slot(), 1, again))
                                .contains("tenant big belongs to slot " + second())
                                .contains("this is the configuration of slot " + outbox.slot())
                                .contains("OUTBOX_POSTGRES_SLOT=" + second());
                    }
                    assertThat(replayedByPage(one, "big")).contains("\"changed\":0");
                    assertThat(outbox.count("outbox.dead_letter WHERE state = 'dead'"))
                            .isEqualTo(3);

                    command(second(), 0, "dlq", "replay", "--tenant", "big", "--wait");
                    Streams.awaitMore(client, 100);
                    load.stop();
                }
                outbox.awaitAllMarked(PATIENCE);
                List<String> committed =
                        Objects.requireNonNull(outbox.committed().get("big"));
                Await.until("all of big", PATIENCE, () -> Streams.size(client, Streams.of("big")) >= committed.size());
                List<String> published = Streams.ids(client, "big");
                assertThat(published)
                        .filteredOn(id -> !dead.contains(id))
                        .isEqualTo(committed.stream()
                                .filter(id -> !dead.contains(id))
                                .toList());
                assertThat(published).filteredOn(dead::contains).isEqualTo(dead);
                assertThat(slots("big")).containsExactly(outbox.slot(), second());
                assertThat(two.relay().status().tenants()).isNotEmpty();
            }
        }
    }

    /** Three events that their stream refused, which takes them from now on, behind some that it took. */
    private List<String> deadLetters(String tenant) throws Exception {
        client.jetStreamManagement()
                .addStream(Streams.preparedFor(tenant).maximumMessageSize(2_000).build());
        List<Row> rows = Stream.generate(() -> Row.of(tenant).with(new byte[3_000]))
                .limit(3)
                .toList();
        outbox.insert(Row.of(tenant), Row.of(tenant));
        outbox.insert(rows);
        Await.until("they are dead letters", () -> outbox.count("outbox.dead_letter WHERE state = 'dead'") == 3);
        client.jetStreamManagement().updateStream(Streams.preparedFor(tenant).build());
        return rows.stream().map(Row::id).toList();
    }

    /** What a command says that is run with the configuration of a slot. */
    private String command(String slot, int exit, String... arguments) {
        Map<String, String> settings = new TreeMap<>(settings(slot, "unused", Map.of()));
        settings.put("outbox.postgres.user", TestPostgres.OPERATOR);
        settings.put("outbox.postgres.password", outbox.postgres().password(TestPostgres.OPERATOR));
        CommandLineRun run = CommandLineRun.of(CommandLineRun.environment(settings), arguments)
                .is(exit);
        return run.out() + run.err();
    }

    private static String replayedByPage(RelayRig rig, String tenant) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                        + rig.relay().adminPort() + "/api/tenants/" + tenant + "/dead-letters/replay"))
                .header("Authorization", "Bearer " + TOKEN)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"all\": true}"))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private Map<String, String> settings(String slot, String publication, Map<String, String> more) {
        Map<String, String> settings = new TreeMap<>(outbox.settings(nats, Map.of()));
        settings.put("outbox.postgres.slot", slot);
        settings.put("outbox.postgres.publication", publication);
        settings.putAll(more);
        return settings;
    }

    @Test
    void everything_is_paused_and_goes_on_in_order() throws Exception {
        RelayRig before = outbox.relay(nats, Map.of()).awaitStreaming();
        try (Load load = Load.start(outbox, TENANTS, 2, 32)) {
            Streams.awaitMore(client, 200);
            before.close();
            outbox.execute("INSERT INTO outbox.tenant (tenant_id, paused) VALUES ('t-6', false)");
            long published = Streams.total(client);
            try (RelayRig paused =
                    outbox.relay(nats, Map.of("outbox.lanes.paused", "true")).awaitStreaming()) {
                String now = outbox.superuserValue("SELECT pg_current_wal_insert_lsn()");
                Await.until("what comes is parked", PATIENCE, () -> parked(outbox.slot()) > 100);
                Await.until("the slot goes on", PATIENCE, () -> isPast(outbox.slot(), now));
                assertThat(Streams.total(client)).isEqualTo(published);
            }
            try (RelayRig after = outbox.relay(nats, Map.of()).awaitStreaming()) {
                Await.until("what was parked goes out", PATIENCE, () -> parked(outbox.slot()) == 0);
                load.stop();
                ExactlyOnce.demand(outbox, client);
                assertThat(after.relay().status().tenants()).isNotEmpty();
            }
        }
    }

    private String second() {
        return outbox.slot() + "_b";
    }

    private RelayProcess relay(String slot, String publication, boolean paused) throws Exception {
        Map<String, String> settings =
                settings(slot, publication, Map.of("outbox.lanes.paused", Boolean.toString(paused)));
        RelayProcess relay = RelayProcess.start(settings, folder.resolve("relay-" + relays.size() + ".log"));
        relays.add(relay);
        return relay;
    }

    private static void awaitLeads(RelayProcess relay) {
        try {
            Await.until("it leads", PATIENCE, relay::leads);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; its log:\n" + relay.log(), e);
        }
    }

    /** A move gives up after two seconds when it would make writers wait longer. */
    private void move(String buckets) throws SQLException {
        outbox.execute("SELECT outbox.move_share(ARRAY[" + buckets + "], '" + second() + "')");
    }

    private boolean lettersMoved() throws SQLException {
        outbox.execute("SELECT outbox.move_letters()");
        return true;
    }

    private boolean isPast(String slot, String position) throws SQLException {
        return outbox.superuserValue("SELECT confirmed_flush_lsn >= '" + position + "' FROM pg_replication_slots"
                        + " WHERE slot_name = '" + slot + "'")
                .equals("t");
    }

    private int parked(String slot) throws SQLException {
        return outbox.count("outbox.dead_letter WHERE state = 'parked' AND slot = '" + slot + "'");
    }

    /** The slots whose relays published what is in a tenant's stream, in the order in which each came. */
    private List<String> slots(String tenant) throws Exception {
        List<String> all = new ArrayList<>();
        for (Message message : Streams.messages(client, Streams.of(tenant))) {
            String slot = message.getHeaders().getFirst("Outbox-Position").split(";", -1)[4];
            if (all.isEmpty() || !all.get(all.size() - 1).equals(slot)) {
                all.add(slot);
            }
        }
        return all.stream().collect(Collectors.toUnmodifiableList());
    }
}

package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.cli.CommandLineRun;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.PurgeOptions;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DiscardPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What an operator does about events: a stream that was lost is filled again from the outbox, in order and nothing
 * twice; and one event is found wherever it is.
 */
final class RepublishIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private static Path folder;

    private static TestNats nats;
    private static Connection client;
    private static Outbox outbox;
    private static Neighbour neighbour;
    private static RelayRig relay;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("republish");
        outbox.execute("INSERT INTO outbox.route (name, priority, tenant_pattern, subject_pattern, action)"
                + " VALUES ('no-noise', 1, 'noisy*', 'noise.>', 'drop')");
        neighbour = Neighbour.start(outbox, "neighbour");
        relay = outbox.relay(nats, Map.of());
    }

    @AfterAll
    static void stop() throws Exception {
        try {
            verify(neighbour, "neighbour");
        } finally {
            relay.close();
            nats.close();
            outbox.close();
        }
    }

    /** Whatever happens to others: each event of the neighbour is in its stream once, in order. */
    private static void verify(Neighbour neighbour, String tenant) throws Exception {
        List<String> written = neighbour.stop();
        Await.until("all of the neighbour's is there", PATIENCE, () -> size(tenant) >= written.size());
        assertThat(Streams.ids(client, tenant)).isEqualTo(written);
    }

    private static Map<String, String> environment(Outbox from) {
        return new TreeMap<>(Map.of(
                "OUTBOX_POSTGRES_URL", from.url(),
                "OUTBOX_POSTGRES_USER", TestPostgres.OPERATOR,
                "OUTBOX_POSTGRES_PASSWORD", from.postgres().password(TestPostgres.OPERATOR),
                "OUTBOX_POSTGRES_SLOT", from.slot(),
                "OUTBOX_NATS_URL", nats.url()));
    }

    private static CommandLineRun command(Outbox from, String... arguments) {
        return CommandLineRun.of(
                environment(from),
                Stream.concat(Stream.of("republish"), Arrays.stream(arguments)).toArray(String[]::new));
    }

    private static JsonNode republish(Outbox from, String... arguments) {
        return command(
                        from,
                        Stream.concat(Stream.of("--json"), Arrays.stream(arguments))
                                .toArray(String[]::new))
                .is(0)
                .json();
    }

    /** The command in a process of its own, which can be killed. */
    private static Process process(Outbox from, String... arguments) throws IOException {
        Path script = Path.of(System.getProperty("dist.directory", "target/outbox-relay"), "bin", "outbox-relay");
        List<String> line = new ArrayList<>(List.of(script.toAbsolutePath().toString(), "republish"));
        line.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("command.out").toFile());
        Map<String, String> variables = builder.environment();
        variables.keySet().removeIf(name -> name.startsWith("OUTBOX_"));
        variables.put("JAVA_HOME", System.getProperty("java.home"));
        variables.put("OUTBOX_JAVA_OPTS", RelayProcess.SHORT_LIVED);
        variables.putAll(environment(from));
        return builder.start();
    }

    private static List<String> insert(Outbox into, String tenant, int count) throws Exception {
        return insert(into, tenant, "events.order.created", count);
    }

    private static List<String> insert(Outbox into, String tenant, String subject, int count) throws Exception {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(Row.of(tenant, subject));
        }
        into.insert(rows);
        return rows.stream().map(Row::id).toList();
    }

    private static long size(String tenant) throws Exception {
        return Streams.size(client, Streams.of(tenant));
    }

    private static void awaitPublished(Outbox from, String tenant, long size) {
        Await.until(tenant + " has " + size, PATIENCE, () -> size(tenant) >= size);
        Await.until(
                "all of " + tenant + " is marked",
                PATIENCE,
                () -> from.count("outbox.message WHERE tenant_id = '" + tenant + "' AND status = 'pending'") == 0);
    }

    private static void lose(String tenant) throws Exception {
        client.jetStreamManagement().deleteStream(Streams.of(tenant));
    }

    private static int letters(Outbox of, String where) throws Exception {
        return of.count("outbox.dead_letter WHERE slot = '" + of.slot() + "' AND " + where);
    }

    private static List<String> only(List<String> ids, List<String> these) {
        Set<String> wanted = new HashSet<>(these);
        return ids.stream().filter(wanted::contains).toList();
    }

    @Test
    void command_and_relay_are_killed_in_the_middle_and_nothing_is_missing_doubled_or_out_of_order() throws Exception {
        List<String> before = new ArrayList<>();
        List<String> live = new ArrayList<>();
        try (Outbox killed = Outbox.create("republish_killed");
                Neighbour beside = Neighbour.start(killed, "beside")) {
            try (RelayProcess first = relay(killed)) {
                for (int i = 0; i < 10; i++) {
                    before.addAll(insert(killed, "lost", 100));
                }
                awaitPublished(killed, "lost", 1_000);
                lose("lost");
                live.addAll(insert(killed, "lost", 50));
                Process command = process(killed, "--tenant", "lost", "--rate", "500");
                Await.until("some are handed over", PATIENCE, () -> letters(killed, "true") >= 200);
                command.destroyForcibly().waitFor();
                live.addAll(insert(killed, "lost", 49));
                first.kill();
            }
            live.addAll(insert(killed, "lost", 1));
            CommandLineRun away = event(killed, last(live)).is(0);
            assertThat(away.out()).contains(": wal", "no relay reads slot relay_republish_killed", "outbox-relay run");
            int handed = letters(killed, "true");
            assertThat(handed).isBetween(200, 999);

            try (RelayRig second = killed.relay(nats, Map.of())) {
                live.addAll(insert(killed, "lost", 50));
                second.awaitStreaming();
                JsonNode said = republish(killed, "--tenant", "lost", "--wait");

                assertThat(said.path("handed_over").asInt()).isEqualTo(1_000 - handed);
                assertThat(said.path("outcome").path("replayed").asInt()).isEqualTo(1_000 - handed);
                live.addAll(insert(killed, "lost", 50));
                awaitPublished(killed, "lost", 1_200);

                JsonNode again = republish(killed, "--tenant", "lost");
                assertThat(again.path("handed_over").asInt()).isZero();
                assertThat(again.path("in_stream").asInt()).isEqualTo(1_200);
                verify(beside, "beside");
            }
            assertThat(letters(killed, "state <> 'replayed'")).isZero();
        }
        List<String> ids = Streams.ids(client, "lost");
        assertThat(ids).hasSize(1_200).doesNotHaveDuplicates();
        assertThat(only(ids, before)).isEqualTo(before);
        assertThat(only(ids, live)).isEqualTo(live);
    }

    /** The long variant: {@code -Drepublish.kills=20}, some ten seconds each. */
    @Test
    @EnabledIfSystemProperty(named = "republish.kills", matches = "\\d+")
    void killed_at_any_moment_again_and_again() throws Exception {
        long seed = Long.getLong("republish.seed", System.nanoTime());
        Random random = new Random(seed);
        System.out.println("seed " + seed);
        try (Outbox killed = Outbox.create("republish_kills");
                Neighbour beside = Neighbour.start(killed, "kills-beside")) {
            RelayProcess running = relay(killed);
            List<String> all = new ArrayList<>();
            try {
                for (int round = 0; round < Integer.getInteger("republish.kills"); round++) {
                    all.addAll(insert(killed, "kills", 300));
                    awaitPublished(killed, "kills", all.size());
                    if (random.nextBoolean()) {
                        lose("kills");
                    } else {
                        long last = client.jetStreamManagement()
                                .getStreamInfo(Streams.of("kills"))
                                .getStreamState()
                                .getLastSequence();
                        client.jetStreamManagement()
                                .purgeStream(
                                        Streams.of("kills"),
                                        PurgeOptions.builder()
                                                .sequence(last - random.nextInt(all.size()))
                                                .build());
                    }
                    List<String> live = insert(killed, "kills", 20);
                    Process command =
                            process(killed, "--tenant", "kills", "--rate", "" + (300 + random.nextInt(2_000)));
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(4_000));
                    boolean relayToo = random.nextBoolean();
                    if (relayToo) {
                        running.kill();
                    }
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
                    command.destroyForcibly().waitFor();
                    int letters = letters(killed, "state = 'replaying'");
                    if (relayToo) {
                        running = relay(killed);
                        running.awaitReady();
                    }
                    JsonNode said = republish(killed, "--tenant", "kills", "--wait");
                    System.out.println("round " + round + ": " + letters + " left when killed, relay killed too: "
                            + relayToo + ", then " + said);
                    all.addAll(live);
                    Await.until("all are out", PATIENCE, () -> letters(killed, "state = 'replaying'") == 0);
                    awaitPublished(killed, "kills", all.size());
                    assertThat(Streams.ids(client, "kills"))
                            .as("seed %d, round %d", seed, round)
                            .containsExactlyInAnyOrderElementsOf(all);
                }
                verify(beside, "kills-beside");
            } finally {
                running.close();
            }
        }
    }

    private static String last(List<String> ids) {
        return ids.get(ids.size() - 1);
    }

    private static CommandLineRun event(Outbox of, String... arguments) {
        CommandLineRun run = CommandLineRun.of(
                environment(of),
                Stream.concat(Stream.of("event"), Arrays.stream(arguments)).toArray(String[]::new));
        assertThat(run.out() + run.err()).as("the payload").doesNotContain("row " + arguments[0]);
        return run;
    }

    private static String place(String id) {
        return event(outbox, id, "--json").is(0).json().path("place").asText();
    }

    private static RelayProcess relay(Outbox of) throws IOException {
        return RelayProcess.start(of.settings(nats, Map.of()), folder.resolve("relay.log"));
    }

    @Test
    void only_what_is_missing_and_was_asked_for_is_published_again_and_as_often_as_it_is_lost() throws Exception {
        List<String> old = insert(outbox, "part", 30);
        List<String> others = insert(outbox, "bystander", 10);
        awaitPublished(outbox, "part", 30);
        awaitPublished(outbox, "bystander", 10);
        String until = String.valueOf(
                outbox.value("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.USZ')"));
        List<String> later = insert(outbox, "part", 30);
        awaitPublished(outbox, "part", 60);
        client.jetStreamManagement()
                .purgeStream(
                        Streams.of("part"), PurgeOptions.builder().sequence(41).build());
        client.jetStreamManagement().purgeStream(Streams.of("bystander"));

        JsonNode counted = republish(outbox, "--tenant", "part", "--dry-run");
        assertThat(counted.path("lost").asInt()).isEqualTo(40);
        assertThat(counted.path("in_stream").asInt()).isEqualTo(20);
        assertThat(letters(outbox, "tenant_id = 'part'")).isZero();
        assertThat(republish(outbox, "--tenant", "part", "--subject", "no.such.subject")
                        .path("held")
                        .asInt())
                .isZero();

        assertThat(republish(outbox, "--tenant", "part", "--to", until, "--wait")
                        .path("handed_over")
                        .asInt())
                .isEqualTo(30);
        assertThat(republish(outbox, "--tenant", "part", "--wait")
                        .path("handed_over")
                        .asInt())
                .isEqualTo(10);
        List<String> expected = new ArrayList<>(later.subList(10, 30));
        expected.addAll(old);
        expected.addAll(later.subList(0, 10));
        assertThat(Streams.ids(client, "part")).isEqualTo(expected);

        lose("part");
        assertThat(republish(outbox, "--tenant", "part", "--wait", "--rate", "1000")
                        .path("handed_over")
                        .asInt())
                .isEqualTo(60);
        List<String> all = new ArrayList<>(old);
        all.addAll(later);
        assertThat(Streams.ids(client, "part")).isEqualTo(all);
        assertThat(size("bystander")).isZero();
        assertThat(letters(outbox, "tenant_id = 'bystander'")).isZero();
        assertThat(others).hasSize(10);
    }

    @Test
    void what_the_streams_limits_and_routing_rules_took_away_was_not_lost() throws Exception {
        insert(outbox, "noisy", "noise.a", 3);
        List<String> aged = insert(outbox, "noisy", 5);
        List<String> lost = insert(outbox, "noisy", 2);
        awaitPublished(outbox, "noisy", 7);
        client.jetStreamManagement().purgeStream(Streams.of("noisy"));
        outbox.execute("UPDATE outbox.message SET created_at = created_at - interval '8 days',"
                + " published_at = published_at - interval '8 days' WHERE id IN ('" + String.join("','", aged) + "')");

        CommandLineRun words = command(outbox, "--tenant", "noisy", "--dry-run").is(0);
        assertThat(words.out())
                .contains(
                        "stream TENANT_NOISY, made ",
                        "5 are gone as the stream's limits ask: left alone (--also-expired",
                        "3 more are dropped by routing rules",
                        "2 are lost, published from");
        JsonNode said = republish(outbox, "--tenant", "noisy", "--wait");
        assertThat(said.path("gone_by_limits").asInt()).isEqualTo(5);
        assertThat(said.path("dropped_by_rules").asInt()).isEqualTo(3);
        assertThat(Streams.ids(client, "noisy")).isEqualTo(lost);

        assertThat(republish(outbox, "--tenant", "noisy", "--also-expired", "--wait")
                        .path("handed_over")
                        .asInt())
                .isEqualTo(5);
        assertThat(Streams.ids(client, "noisy").subList(2, 7)).isEqualTo(aged);
        assertThat(letters(outbox, "state <> 'replayed' AND tenant_id = 'noisy'"))
                .isZero();
    }

    @Test
    void by_hand_nobody_hands_over_another_tenants_event_an_undecided_one_or_one_that_was_sent_meanwhile()
            throws Exception {
        List<String> mine = insert(outbox, "mine", 4);
        List<String> theirs = insert(outbox, "theirs", 1);
        awaitPublished(outbox, "mine", 4);
        awaitPublished(outbox, "theirs", 1);
        String letter = "INSERT INTO outbox.dead_letter (slot, source, event_id, tenant_id, subject, payload, state,"
                + " resolved_at) VALUES ('" + outbox.slot() + "', 'outbox.message', '%s', '%s', 'a', '', '%s', %s)";
        outbox.execute(letter.formatted(mine.get(0), "theirs", "sent", "now() - interval '1 day'"));
        outbox.execute(letter.formatted(mine.get(1), "mine", "discarded", "now() - interval '1 day'"));
        outbox.execute(letter.formatted(mine.get(2), "mine", "sent", "now() + interval '1 day'"));
        outbox.execute("UPDATE outbox.message SET status = 'failed' WHERE id = '" + mine.get(3) + "'");
        List<String> ids = new ArrayList<>(mine);
        ids.addAll(theirs);

        String call = "SELECT outbox.republish('%s', %s, %s::uuid[], clock_timestamp())";
        String array = "'{" + String.join(",", ids) + "}'";
        assertThat(outbox.value(call.formatted(outbox.slot(), "'mine'", array))).isEqualTo("0");
        assertThat(letters(outbox, "state = 'replaying' AND tenant_id IN ('mine', 'theirs')"))
                .isZero();
        assertThatThrownBy(() -> outbox.value(call.formatted("another", "'mine'", array)))
                .hasMessageContaining("no relay has ever used slot another");
        assertThatThrownBy(() -> outbox.value(call.formatted(outbox.slot(), "NULL", array)))
                .hasMessageContaining("no argument may be null");
        String many = "(SELECT array_agg(gen_random_uuid()) FROM generate_series(1, 10001))";
        assertThatThrownBy(() -> outbox.value(call.formatted(outbox.slot(), "'mine'", many)))
                .hasMessageContaining("10000 are the most");
    }

    @Test
    void two_at_once_one_waits_not_and_what_cannot_be_done_is_said() throws Exception {
        try (java.sql.Connection first = outbox.as(TestPostgres.OPERATOR);
                Statement statement = first.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(hashtext('outbox-relay republish " + outbox.slot()
                    + "'), hashtext('mine'))");
            assertThat(command(outbox, "--tenant", "mine").is(1).err())
                    .contains("somebody else republishes tenant mine");
        }
        assertThat(command(outbox, "--tenant", "mine", "--from", "yesterday")
                        .is(2)
                        .err())
                .contains("'yesterday' is not like 2026-");
        assertThat(command(outbox, "--tenant", "no tenant").is(2).err()).contains("is no tenant id");
        assertThat(command(outbox, "--tenant", "mine", "--subject", "a..b")
                        .is(2)
                        .err())
                .contains("is no pattern");
        Map<String, String> mapped = environment(outbox);
        mapped.put("OUTBOX_SOURCE_TABLE", "shop.outbox");
        assertThat(CommandLineRun.of(mapped, "republish", "--tenant", "mine")
                        .is(2)
                        .err())
                .contains("republish reads outbox.message, and this relay does not");
    }

    @Test
    void an_event_is_found_in_its_stream_with_what_its_consumers_have_done() throws Exception {
        insert(outbox, "found", "events.other", 20);
        awaitPublished(outbox, "found", 20);
        client.jetStreamManagement()
                .createConsumer(
                        Streams.of("found"),
                        ConsumerConfiguration.builder()
                                .durable("billing")
                                .ackPolicy(AckPolicy.Explicit)
                                .filterSubject("tenant.found.events.order.>")
                                .build());
        List<String> ids = insert(outbox, "found", 12);
        awaitPublished(outbox, "found", 32);

        JsonNode said = event(outbox, ids.get(11), "--json").is(0).json();
        assertThat(said.path("place").asText()).isEqualTo("stored");
        assertThat(said.path("sequence").asLong()).isEqualTo(32);
        assertThat(said.path("stored_subject").asText()).isEqualTo("tenant.found.events.order.created");
        assertThat(said.path("consumers").path(0).path("progress").asText()).isEqualTo("ahead");
        assertThat(event(outbox, ids.get(11).toUpperCase(Locale.ROOT)).is(0).out())
                .contains(
                        "its row: tenant found, subject events.order.created, inserted 20",
                        "in stream TENANT_FOUND at sequence 32 since 20",
                        "consumer billing: not given to it yet",
                        "Next: a consumer that has not got it");
        assertThat(event(outbox, ids.get(11), "--search", "2").is(1).out())
                .contains(": uncertain", "and there are more", "--search");

        outbox.execute("DELETE FROM outbox.message WHERE tenant_id = 'found'");
        assertThat(event(outbox, ids.get(3), "--tenant", "found").is(0).out()).contains("at sequence 24 since");
        assertThat(event(outbox, ids.get(3)).is(1).out())
                .contains(": unknown", "with --tenant its stream is looked at");
    }

    @Test
    void an_event_that_is_parked_to_be_sent_again_dead_discarded_or_dropped() throws Exception {
        outbox.execute("INSERT INTO outbox.tenant (tenant_id, paused) VALUES ('waiting', true)");
        String parked = insert(outbox, "waiting", 1).get(0);
        Await.until("it is parked", PATIENCE, () -> letters(outbox, "event_id = '" + parked + "'") == 1);
        assertThat(event(outbox, parked).is(0).out())
                .contains(": parked", "the tenant is paused", "Next: outbox-relay status --tenant waiting");
        outbox.execute(
                "UPDATE outbox.dead_letter SET state = 'replaying', dead_at = now() WHERE event_id = '" + parked + "'");
        assertThat(event(outbox, parked).is(0).out()).contains(": replaying", "as somebody asked", "wait some seconds");
        outbox.execute("DELETE FROM outbox.tenant");

        String dead = insert(outbox, "waiting", "a..b", 1).get(0);
        Await.until("it is dead", PATIENCE, () -> "failed".equals(outbox.status(dead)));
        assertThat(event(outbox, dead).is(0).out())
                .contains(": dead", "invalid_subject", "Next: outbox-relay dlq show " + dead);
        assertThat(CommandLineRun.of(environment(outbox), "dlq", "discard", dead)
                        .exit())
                .isZero();
        assertThat(event(outbox, dead).is(0).out()).contains(": discarded", "insert the event again");

        String dropped = insert(outbox, "noisy2", "noise.b", 1).get(0);
        awaitPublished(outbox, "noisy2", 0);
        assertThat(event(outbox, dropped).is(0).out()).contains(": dropped", "routing rule 'no-noise'", "outbox.route");
        Await.until("what was parked is out", PATIENCE, () -> place(parked).equals("stored"));
    }

    @Test
    void an_event_that_is_not_where_it_should_be() throws Exception {
        List<String> ids = insert(outbox, "gone", 3);
        awaitPublished(outbox, "gone", 3);
        lose("gone");
        assertThat(event(outbox, ids.get(0)).is(0).out())
                .contains(": lost", "there is no stream TENANT_GONE any more", "republish --dry-run --tenant gone");
        insert(outbox, "gone", 1);
        awaitPublished(outbox, "gone", 1);
        assertThat(event(outbox, ids.get(0)).is(0).out()).contains(": lost", "TENANT_GONE does not have it any more");
        outbox.execute("UPDATE outbox.message SET published_at = now() - interval '8 days',"
                + " created_at = now() - interval '8 days' WHERE id = '" + ids.get(1) + "'");
        assertThat(event(outbox, ids.get(1)).is(0).out()).contains(": expired", "nothing is wrong", "--also-expired");
        outbox.execute(
                "UPDATE outbox.message SET published_at = NULL, status = 'pending' WHERE id = '" + ids.get(2) + "'");
        assertThat(event(outbox, ids.get(2)).is(0).out())
                .contains(": missed", "its row is pending, the slot is past it");
        outbox.execute("UPDATE outbox.message SET status = 'failed' WHERE id = '" + ids.get(2) + "'");
        assertThat(event(outbox, ids.get(2)).is(1).out()).contains(": uncertain", "its dead letter is gone");

        String nobodys = "00000000-0000-4000-8000-000000000000";
        assertThat(event(outbox, nobodys, "--tenant", "gone").is(1).out())
                .contains(": unknown", "nor in stream TENANT_GONE", "look whether the application committed it");
        assertThat(event(outbox, ids.get(0), "--tenant", "found").is(1).err()).contains("is not of tenant found");
        assertThat(event(outbox, "17").is(2).err()).contains("schema.table:id");
        assertThat(event(outbox, "shop.outbox:17").is(1).out()).contains("rows of mapped tables are not looked at");
    }

    @Test
    void an_event_that_its_lane_cannot_get_rid_of() throws Exception {
        client.jetStreamManagement()
                .addStream(Streams.preparedFor("full")
                        .maxMessages(1)
                        .discardPolicy(DiscardPolicy.New)
                        .build());
        String first = insert(outbox, "full", 1).get(0);
        awaitPublished(outbox, "full", 1);
        String second = insert(outbox, "full", 1).get(0);
        String url = "http://127.0.0.1:" + relay.relay().adminPort();
        Await.until(
                "its lane backs off",
                PATIENCE,
                () -> event(outbox, second, "--wait", "0", "--url", url)
                        .is(0)
                        .out()
                        .contains("backing off"));

        assertThat(event(outbox, second, "--wait", "0", "--url", url).is(0).out())
                .contains(": unsettled", "in its tenant's lane: ", "queued", "outbox-relay status --tenant full");
        assertThat(place(first)).isEqualTo("stored");
        client.jetStreamManagement().purgeStream(Streams.of("full"));
        assertThat(event(outbox, second).is(0).out()).contains(": stored");
    }
}

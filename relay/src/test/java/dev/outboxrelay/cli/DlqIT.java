package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.settle.Backlog;
import dev.outboxrelay.settle.BacklogRow;
import dev.outboxrelay.settle.Fetched;
import dev.outboxrelay.settle.LetterTable;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestPostgres;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands of an operator, under an operator's role, against a real table and a running backlog. */
final class DlqIT {

    private static int databases;

    @TempDir
    private Path folder;

    private LetterTable table;
    private Map<String, String> environment;

    /** What a command said. */
    private record Said(int exit, String out, String err) {
        Said is(int expected) {
            assertThat(exit).as("%s%n%s", out, err).isEqualTo(expected);
            return this;
        }
    }

    @BeforeEach
    void create() throws Exception {
        table = LetterTable.create("dlq_" + databases++);
        Path password = Files.writeString(folder.resolve("password"), table.password(TestPostgres.OPERATOR) + "\n");
        environment = new TreeMap<>(Map.of(
                "OUTBOX_POSTGRES_URL",
                table.url(),
                "OUTBOX_POSTGRES_USER",
                TestPostgres.OPERATOR,
                "OUTBOX_POSTGRES_PASSWORD_FILE",
                password.toString(),
                "OUTBOX_POSTGRES_SLOT",
                LetterTable.SLOT));
    }

    @AfterEach
    void close() throws Exception {
        table.close();
    }

    private Said dlq(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = Main.commandLine(environment, settings -> ExitCode.FAILED)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(Stream.concat(Stream.of("dlq"), Arrays.stream(arguments))
                        .toArray(String[]::new));
        return new Said(exit, out.toString(), err.toString());
    }

    /** Letters that died for this reason. */
    private List<OutboxEvent> dead(String tenant, int events, Reason reason) throws Exception {
        List<OutboxEvent> dead = table.parked(tenant, events);
        for (OutboxEvent event : dead) {
            table.execute("UPDATE outbox.dead_letter SET state = 'dead', reason = '" + reason.code()
                    + "', error = 'what went wrong', attempts = 1, first_failed_at = now(), dead_at = now() WHERE event_id = '"
                    + event.id() + "'");
            table.execute("UPDATE outbox.message SET status = 'failed' WHERE id = '" + event.id() + "'");
        }
        return dead;
    }

    private List<OutboxEvent> dead(String tenant, int events) throws Exception {
        return dead(tenant, events, Reason.STREAM_REJECTED);
    }

    private long seq(OutboxEvent event) throws Exception {
        return Long.parseLong(table.text("SELECT seq FROM outbox.dead_letter WHERE event_id = '" + event.id() + "'"));
    }

    private static List<String> events(String listing) {
        return listing.lines()
                .skip(1)
                .map(line -> line.replaceAll(".*\\s([0-9a-f-]{36})\\s.*", "$1"))
                .toList();
    }

    private static List<String> ids(List<OutboxEvent> events) {
        return events.stream().map(event -> event.id().value()).toList();
    }

    // ------------------------------------------------------------------------------------------ list

    @Test
    void a_list_shows_what_is_dead_oldest_first_and_no_payload() throws Exception {
        List<OutboxEvent> dead = dead("acme", 2);
        dead.addAll(dead("other", 1));
        table.parked("acme", 1);

        Said said = dlq("list").is(0);

        assertThat(events(said.out())).isEqualTo(ids(dead));
        assertThat(said.out().lines().findFirst().orElseThrow())
                .isEqualToNormalizingWhitespace("SEQ STATE TENANT REASON ATTEMPTS AGE SUBJECT EVENT ERROR");
        assertThat(said.out())
                .contains("acme", "stream_rejected", "events.order.created", "what went wrong")
                .doesNotContain("payload");
        assertThat(said.err()).isEmpty();
    }

    @Test
    void each_filter_keeps_what_fits() throws Exception {
        List<OutboxEvent> acme = dead("acme", 2);
        List<OutboxEvent> other = dead("other", 1, Reason.INVALID_SUBJECT);
        List<OutboxEvent> parked = table.parked("parked", 1);
        table.execute("UPDATE outbox.dead_letter SET dead_at = now() - interval '2 hours' WHERE event_id = '"
                + acme.get(0).id() + "'");
        table.execute("UPDATE outbox.dead_letter SET committed_at = now() - interval '2 hours' WHERE state = 'parked'");

        assertThat(events(dlq("list", "--tenant", "acme").out())).isEqualTo(ids(acme));
        assertThat(events(dlq("list", "--tenant", "ACME").out())).isEmpty();
        assertThat(events(dlq("list", "--reason", "invalid_subject").out())).isEqualTo(ids(other));
        assertThat(events(dlq("list", "--older-than", "1h").out())).isEqualTo(ids(acme.subList(0, 1)));
        assertThat(events(dlq("list", "--older-than", "1h", "--state", "dead,parked")
                        .out()))
                .containsExactly(acme.get(0).id().value(), parked.get(0).id().value());
        assertThat(events(dlq("list", "--newer-than", "1h", "--tenant", "acme").out()))
                .isEqualTo(ids(acme.subList(1, 2)));
        assertThat(events(dlq("list", "--state", "parked").out())).isEqualTo(ids(parked));
        assertThat(events(dlq("list", "--source", "shop.outbox").out())).isEmpty();
        assertThat(events(dlq(
                                "list",
                                "--source",
                                "outbox.message",
                                "--id",
                                acme.get(1).id().value())
                        .out()))
                .isEqualTo(ids(acme.subList(1, 2)));
        assertThat(events(dlq(
                                "list",
                                Long.toString(seq(other.get(0))),
                                parked.get(0).id().value())
                        .out()))
                .as("what is named is shown whatever its state")
                .containsExactly(other.get(0).id().value(), parked.get(0).id().value());
        Said limited = dlq("list", "--limit", "1").is(0);
        assertThat(events(limited.out())).isEqualTo(ids(acme.subList(0, 1)));
        assertThat(limited.err()).contains("There are more", "--limit");
        assertThat(dlq("list", "--tenant", "nobody").out())
                .isEqualToIgnoringNewLines("No letter of slot any fits (states: dead, replaying).");
    }

    @Test
    void another_slots_letters_are_not_ours() throws Exception {
        dead("acme", 1);
        table.execute("UPDATE outbox.dead_letter SET slot = 'elsewhere'");

        assertThat(dlq("list").is(0).out()).contains("No letter of slot any fits");
        assertThat(dlq("discard", "--all").is(0).out()).contains("nothing to do");
        assertThat(table.text("SELECT state FROM outbox.dead_letter")).isEqualTo("dead");
    }

    @Test
    void nothing_that_a_row_holds_reaches_the_terminal_as_it_is() throws Exception {
        dead("evil\u001b[31m\ntenant", 1);
        table.execute("UPDATE outbox.dead_letter SET subject = E'a\\r\\nb', error = E'\\x1b]0;title\\x07'");

        String out = dlq("list").is(0).out() + dlq("show", "1").is(0).out();

        assertThat(out)
                .contains("evil\\u001b[31m\\ntenant", "a\\r\\nb", "\\u001b]0;title\\u0007")
                .doesNotContain("\u001b", "\r\nb");
    }

    @Test
    void a_list_as_json_is_one_object_a_line() throws Exception {
        List<OutboxEvent> dead = dead("acme", 2);

        List<JsonNode> lines = json(dlq("list", "--json").is(0));

        assertThat(lines.stream().map(line -> line.get("event_id").asText())).isEqualTo(ids(dead));
        JsonNode first = lines.get(0);
        assertThat(first.get("tenant_id").asText()).isEqualTo("acme");
        assertThat(first.get("state").asText()).isEqualTo("dead");
        assertThat(first.get("reason").asText()).isEqualTo("stream_rejected");
        assertThat(first.get("committed_at").asText()).isEqualTo("2026-11-25T10:11:12.345678Z");
        assertThat(first.get("payload_bytes").asInt()).isEqualTo(7);
        assertThat(first.has("payload")).isFalse();
    }

    private static List<JsonNode> json(Said said) throws Exception {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : said.out().lines().toList()) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    // ------------------------------------------------------------------------------------------ show

    @Test
    void a_letter_is_shown_whole_and_its_payload_only_when_asked_for() throws Exception {
        byte[] payload = "{\"n\": 1}\u001b\n\0".getBytes(StandardCharsets.UTF_8);
        OutboxEvent event =
                LetterTable.event("acme", UUID.randomUUID().toString(), "{\"traceparent\": \"00-ab\"}", payload);
        table.park(List.of(event));
        table.operate("UPDATE outbox.dead_letter SET replay_subject = 'better', replay_headers = '{\"x\": \"y\"}'");
        String seq = Long.toString(seq(event));

        assertThat(dlq("show", seq).is(0).out())
                .contains(
                        "letter " + seq + ": parked",
                        "acme",
                        event.id().value(),
                        "outbox.message",
                        "{\"traceparent\": \"00-ab\"}",
                        "subject, corrected  better",
                        "headers, corrected  {\"x\": \"y\"}",
                        "the stream is full",
                        "2026-11-25T10:11:12.345678Z",
                        payload.length + " bytes")
                .doesNotContain("{\"n\": 1}");
        assertThat(dlq("show", event.id().value(), "--payload", "text").is(0).out())
                .contains("{\"n\": 1}\\u001b\\n\\u0000\n");
        assertThat(dlq("show", seq, "--payload", "hex").is(0).out()).contains("7b226e223a20317d1b0a00");
        assertThat(dlq("show", seq, "--payload", "base64").is(0).out()).contains("eyJuIjogMX0bCgA=");
        assertThat(json(dlq("show", seq, "--payload", "base64", "--json").is(0))
                        .get(0)
                        .get("payload_base64")
                        .asText())
                .isEqualTo("eyJuIjogMX0bCgA=");
        assertThat(json(dlq("show", seq, "--json").is(0))
                        .get(0)
                        .get("headers")
                        .get("traceparent")
                        .asText())
                .isEqualTo("00-ab");
        assertThat(json(dlq("show", seq, "--json").is(0)).get(0).has("payload")).isFalse();
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        int exit = new picocli.CommandLine(new DlqShowCommand(environment, raw)).execute(seq, "--payload", "raw");
        assertThat(exit).isZero();
        assertThat(raw.toByteArray()).isEqualTo(payload);
    }

    @Test
    void a_letter_that_is_not_there_is_a_failure_with_the_next_step() {
        assertThat(dlq("show", "4711").is(ExitCode.FAILED).err()).contains("No such letter of slot any", "dlq list");
        assertThat(dlq("show").is(ExitCode.WRONG_USAGE).err()).contains("LETTER");
    }

    // ------------------------------------------------------------------------------------------ replay

    @Test
    void a_replay_hands_letters_over_to_the_relay_which_publishes_them_and_says_so() throws Exception {
        List<OutboxEvent> dead = dead("acme", 3);
        Backlog backlog = table.backlog();
        CompletableFuture<Said> waiting =
                CompletableFuture.supplyAsync(() -> dlq("replay", "--tenant", "acme", "--wait"));
        Await.until(
                "they are handed over",
                () -> table.states(dead).equals(List.of("replaying failed", "replaying failed", "replaying failed")));
        assertThat(waiting).isNotDone();

        Fetched fetched = table.fetch(backlog, "acme");
        table.resolve(backlog, fetched.rows());

        Said said = waiting.get(30, TimeUnit.SECONDS).is(0);
        assertThat(said.out()).contains("3 letters were handed over:", "acme", "3 replayed, 0 dead again.");
        assertThat(table.states(dead)).containsOnly("replayed published");
    }

    @Test
    void waiting_fails_when_one_is_dead_again_and_says_why() throws Exception {
        List<OutboxEvent> dead = dead("acme", 2);
        Backlog backlog = table.backlog();
        CompletableFuture<Said> waiting =
                CompletableFuture.supplyAsync(() -> dlq("replay", "--reason", "stream_rejected", "--wait", "--json"));
        List<BacklogRow> rows = Await.value("they are handed over", java.time.Duration.ofSeconds(30), () -> {
            List<BacklogRow> fetched = table.fetch(backlog, "acme").rows();
            return fetched.size() == 2 ? fetched : null;
        });

        table.resolve(backlog, rows.subList(0, 1));
        String unused = table.ask(answer -> backlog.bury(
                rows.get(1), Reason.STREAM_REJECTED, "message size exceeds", 1, () -> answer.accept("done")));

        Said said = waiting.get(30, TimeUnit.SECONDS).is(ExitCode.FAILED);
        List<JsonNode> lines = json(said);
        assertThat(lines.get(0).get("handed_over").asInt()).isEqualTo(2);
        assertThat(lines.get(1).get("replayed").asInt()).isEqualTo(1);
        assertThat(lines.get(1).get("dead").asInt()).isEqualTo(1);
        assertThat(said.err()).contains(seq(dead.get(1)) + " (tenant acme): stream_rejected: message size exceeds");
    }

    @Test
    void a_replay_can_correct_subject_and_headers_and_later_ones_build_on_it() throws Exception {
        OutboxEvent event = LetterTable.event(
                "acme", UUID.randomUUID().toString(), "{\"Nats-Rollup\": \"all\", \"a\": \"1\"}", new byte[1]);
        table.park(List.of(event));
        String die = "UPDATE outbox.dead_letter SET state = 'dead', reason = 'invalid_headers', dead_at = now()";
        table.execute(die);
        String corrected = "SELECT subject, headers, replay_subject, replay_headers, state FROM outbox.dead_letter";

        dlq(
                        "replay",
                        "--all",
                        "--set-subject",
                        "events.better",
                        "--set-header",
                        "nats-rollup=",
                        "--set-header",
                        "b=x=y")
                .is(0);

        String written = "events.order.created {\"a\": \"1\", \"Nats-Rollup\": \"all\"} ";
        assertThat(table.text(corrected)).isEqualTo(written + "events.better {\"a\": \"1\", \"b\": \"x=y\"} replaying");

        table.execute(die);
        dlq("replay", "--all", "--set-header", "c=3").is(0);
        assertThat(table.text(corrected))
                .isEqualTo(written + "events.better {\"a\": \"1\", \"b\": \"x=y\", \"c\": \"3\"} replaying");

        table.execute(die);
        dlq("replay", "--all", "--as-written", "--set-header", "Nats-Rollup=").is(0);
        assertThat(table.text(corrected)).isEqualTo(written + "null {\"a\": \"1\"} replaying");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--set-subject=tenant.other.x",
                "--set-subject=a..b",
                "--set-subject=a b",
                "--set-subject=events.>",
                "--set-header=Nats-Rollup=all",
                "--set-header=nats-expected-last-sequence=0",
                "--set-header=Outbox-Tenant=other",
                "--set-header=a=b\r\nNats-Rollup: all",
                "--set-header=a b=c",
                "--set-header=a=größe"
            })
    void a_correction_that_breaks_a_rule_of_the_relay_is_not_written(String option) throws Exception {
        dead("acme", 1);

        Said said = dlq("replay", "--all", option).is(ExitCode.FAILED);

        assertThat(said.err())
                .contains("1 letter left dead, because the relay would refuse", "tenant acme", "--set-subject");
        assertThat(table.texts("SELECT state, replay_subject, replay_headers FROM outbox.dead_letter"))
                .containsExactly("dead null null");
    }

    @Test
    void what_the_relay_would_refuse_again_is_left_dead_and_the_others_go() throws Exception {
        List<OutboxEvent> dead = dead("acme", 2);
        table.execute("UPDATE outbox.dead_letter SET subject = 'a..b' WHERE event_id = '"
                + dead.get(0).id() + "'");
        List<OutboxEvent> homeless = dead("a b", 1);
        dead.addAll(homeless);

        Said said = dlq("replay", "--all", "--json").is(ExitCode.FAILED);

        JsonNode report = json(said).get(0);
        assertThat(report.get("handed_over").asInt()).isEqualTo(1);
        assertThat(report.get("refused").asInt()).isEqualTo(2);
        assertThat(report.get("refusals").get(0).get("reason").asText()).isEqualTo("invalid_subject");
        assertThat(report.get("refusals").get(1).get("reason").asText()).isEqualTo("invalid_tenant");
        assertThat(table.states(dead)).containsExactly("dead failed", "replaying failed", "dead failed");
        environment.put("OUTBOX_NAMING", "encode");
        dlq("replay", "--tenant", "a b").is(0);
    }

    @Test
    void a_dry_run_counts_and_changes_nothing() throws Exception {
        List<OutboxEvent> dead = dead("acme", 3);
        dead.addAll(dead("other", 1, Reason.RETRIES_EXHAUSTED));

        Said replay = dlq("replay", "--all", "--dry-run", "--wait", "--set-subject", "x")
                .is(0);
        Said discard =
                dlq("discard", "--older-than", "0s", "--dry-run", "--json").is(0);

        assertThat(replay.out())
                .contains("4 letters would be handed over:", "acme", "stream_rejected    3", "retries_exhausted  1");
        assertThat(json(discard).get(0).get("discarded").asInt()).isEqualTo(4);
        assertThat(json(discard).get(0).get("dry_run").asBoolean()).isTrue();
        assertThat(table.states(dead)).containsOnly("dead failed");
        assertThat(table.texts("SELECT DISTINCT replay_subject FROM outbox.dead_letter"))
                .containsExactly("null");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "replay",
                "discard",
                "discard --state parked",
                "replay --dry-run",
                "discard --all --state sent",
                "replay --all --set-header x",
                "replay --all --set-header =x",
                "replay --all --set-header a=1 --set-header a=2",
                "list --state gone",
                "list --reason because",
                "list --older-than yesterday",
                "show 1 --payload xml",
                "list --limit 0",
                "list --user x --password-file /nonexistent",
                "",
            })
    void wrong_usage_changes_nothing_and_says_what_would_be_right(String arguments) throws Exception {
        dead("acme", 1);

        Said said = dlq(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1))
                .is(ExitCode.WRONG_USAGE);

        assertThat(said.err()).contains("outbox-relay dlq").contains(" --help.");
        assertThat(table.text("SELECT state FROM outbox.dead_letter")).isEqualTo("dead");
    }

    @Test
    void letters_that_are_named_and_cannot_be_had_are_a_failure() throws Exception {
        List<OutboxEvent> parked = table.parked("acme", 1);

        assertThat(dlq("replay", "4711").is(ExitCode.FAILED).err()).contains("not there, are decided already");
        assertThat(dlq("replay", parked.get(0).id().value()).is(ExitCode.FAILED).err())
                .contains("dlq show");
        assertThat(dlq("replay", "--tenant", "nobody").is(0).out()).contains("No letter fits: nothing to do.");
    }

    // ------------------------------------------------------------------------------------------ discard

    @Test
    void discarding_gives_up_what_is_meant_and_rows_say_failed() throws Exception {
        List<OutboxEvent> events = dead("acme", 1);
        events.addAll(table.parked("acme", 2));
        events.addAll(dead("other", 1));
        table.backlog();
        String second = Long.toString(seq(events.get(1)));

        dlq("discard", "--tenant", "acme").is(0);
        assertThat(table.states(events))
                .containsExactly("discarded failed", "parked pending", "parked pending", "dead failed");
        dlq("discard", "--state", "parked,replaying,dead", second).is(0);

        table.awaitStates(events, "discarded failed", "discarded failed", "parked pending", "dead failed");
        assertThat(table.texts("SELECT resolved_at IS NULL FROM outbox.dead_letter WHERE state = 'discarded'"))
                .containsOnly("f");
        assertThat(dlq("discard", "--state", "parked", second)
                        .is(ExitCode.FAILED)
                        .err())
                .contains("decided already");
    }

    @Test
    void what_consumers_gave_up_is_listed_and_discarded_apart_and_never_replayed() throws Exception {
        List<OutboxEvent> dead = dead("acme", 1);
        String id = dead.get(0).id().value();
        table.execute(
                "INSERT INTO outbox.dead_letter (slot, kind, source, event_id, tenant_id, subject, payload, reason,"
                        + " error, attempts, dead_at, state) VALUES ('" + LetterTable.SLOT
                        + "', 'consumer', 'TENANT_ACME/billing',"
                        + " '" + id
                        + "', 'acme', 'tenant.acme.events.x', 'one', 'max_deliveries', 'gave it up', 5, now(), 'dead')");

        assertThat(dlq("list").is(0).out()).contains("stream_rejected").doesNotContain("max_deliveries");
        assertThat(dlq("list", "--kind", "consumer", "--tenant", "acme").is(0).out())
                .contains("max_deliveries", "tenant.acme.events.x", id)
                .doesNotContain("stream_rejected");
        assertThat(dlq("show", id).is(0).out())
                .contains("table", "outbox.message", "given up by a consumer", "TENANT_ACME/billing");
        String seq = table.text("SELECT seq FROM outbox.dead_letter WHERE kind = 'consumer'");
        assertThat(dlq("replay", seq).is(ExitCode.FAILED).err()).contains("given up by a consumer", "--kind");
        dlq("replay", "--all").is(0);
        assertThat(table.text("SELECT state FROM outbox.dead_letter WHERE kind = 'consumer'"))
                .isEqualTo("dead");

        dlq("discard", "--all", "--kind", "consumer").is(0);

        assertThat(table.texts("SELECT kind || ' ' || state FROM outbox.dead_letter ORDER BY kind"))
                .containsExactly("consumer discarded", "event replaying");
        assertThat(dlq("list", "--kind", "letter").is(ExitCode.WRONG_USAGE).err())
                .contains("event, consumer");
    }

    @Test
    void a_letter_that_somebody_holds_is_left_alone_and_named() throws Exception {
        List<OutboxEvent> dead = dead("acme", 3);
        try (Connection holder = table.superuser()) {
            holder.setAutoCommit(false);
            try (Statement statement = holder.createStatement()) {
                statement.execute("SELECT 1 FROM outbox.dead_letter WHERE event_id = '"
                        + dead.get(1).id() + "' FOR UPDATE");
            }

            Said said = dlq("discard", "--all").is(ExitCode.FAILED);

            assertThat(said.out()).contains("2 letters were discarded");
            assertThat(said.err()).contains("1 letter left alone", "Run the same command again");
        }
        assertThat(table.states(dead)).containsExactly("discarded failed", "dead failed", "discarded failed");
        dlq("discard", "--all").is(0);
    }

    // ------------------------------------------------------------------------------------------ many at once

    @Test
    void of_two_operators_at_once_each_letter_is_changed_by_exactly_one() throws Exception {
        int letters = 20_000;
        table.execute(
                "INSERT INTO outbox.dead_letter (slot, source, event_id, tenant_id, subject, payload, state, reason, dead_at)"
                        + " SELECT 'any', 'outbox.message', gen_random_uuid()::text, 'tenant-' || n % 7, 'a.b', '', 'dead',"
                        + " 'stream_rejected', now() FROM generate_series(1, " + letters + ") n");
        table.execute("CREATE TABLE public.changes (seq bigint, state text);"
                + " CREATE FUNCTION public.log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
                + " 'BEGIN INSERT INTO public.changes VALUES (NEW.seq, NEW.state); RETURN NULL; END';"
                + " CREATE TRIGGER log AFTER UPDATE ON outbox.dead_letter FOR EACH ROW EXECUTE FUNCTION public.log()");

        List<CompletableFuture<Said>> operators = List.of(
                CompletableFuture.supplyAsync(() -> dlq("replay", "--all", "--json")),
                CompletableFuture.supplyAsync(() -> dlq("discard", "--all", "--json")),
                CompletableFuture.supplyAsync(() -> dlq("replay", "--all", "--json")));

        long handedOver = 0;
        long discarded = 0;
        for (CompletableFuture<Said> operator : operators) {
            JsonNode report = json(operator.get(120, TimeUnit.SECONDS).is(0)).get(0);
            handedOver += report.path("handed_over").asLong();
            discarded += report.path("discarded").asLong();
        }
        assertThat(handedOver + discarded).isEqualTo(letters);
        assertThat(table.text("SELECT count(*), count(DISTINCT seq) FROM public.changes"))
                .isEqualTo(letters + " " + letters);
        assertThat(table.text(
                        "SELECT count(*) FILTER (WHERE state = 'replaying'), count(*) FILTER (WHERE state = 'discarded')"
                                + " FROM outbox.dead_letter"))
                .isEqualTo(handedOver + " " + discarded);
    }

    @Test
    void beside_a_relay_that_sends_each_letter_ends_as_what_happened_to_it() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 3_000);
        Backlog backlog = table.backlog();
        Set<String> sent = new HashSet<>();
        CompletableFuture<Said> operator =
                CompletableFuture.supplyAsync(() -> dlq("discard", "--tenant", "acme", "--state", "parked"));

        List<BacklogRow> rows;
        do {
            rows = table.<Fetched>ask(answer -> backlog.fetch("acme", 50, 1 << 20, answer))
                    .rows();
            rows.forEach(row -> sent.add(row.event().id().value()));
            table.resolve(backlog, rows);
        } while (!rows.isEmpty() || !operator.isDone());

        operator.get().is(0);
        String[] expected = events.stream()
                .map(event -> sent.contains(event.id().value()) ? "sent published" : "discarded failed")
                .toArray(String[]::new);
        table.awaitStates(events, expected);
    }

    // ------------------------------------------------------------------------------------------ who may

    @Test
    void who_may_not_is_told_what_would_let_them() throws Exception {
        dead("acme", 1);
        Path writer = Files.writeString(folder.resolve("writer"), table.password(TestPostgres.WRITER));
        Path wrong = Files.writeString(folder.resolve("wrong"), "not it");

        assertThat(dlq("list", "--user", TestPostgres.WRITER, "--password-file", writer.toString())
                        .is(ExitCode.FAILED)
                        .err())
                .contains(
                        "outbox-relay dlq list failed", "permission denied", "GRANT outbox_operator TO outbox_writer;");
        assertThat(dlq("list", "--password-file", wrong.toString())
                        .is(ExitCode.FAILED)
                        .err())
                .contains("password authentication failed", "--password-file", "pg_hba.conf");
        table.execute("CREATE ROLE alice LOGIN PASSWORD 'only for this test' IN ROLE outbox_operator");
        Path alice = Files.writeString(folder.resolve("alice"), "only for this test");
        try {
            dlq("discard", "--all", "--user", "alice", "--password-file", alice.toString())
                    .is(0);
        } finally {
            table.execute("DROP ROLE alice");
        }
        table.execute("ALTER TABLE outbox.dead_letter DROP COLUMN replay_subject");
        assertThat(dlq("list").is(ExitCode.FAILED).err()).contains("replay_subject", "schema/V3__parking.sql");
        environment.put("OUTBOX_POSTGRES_URL", "jdbc:postgresql://127.0.0.1:1/app");
        assertThat(dlq("list").is(ExitCode.FAILED).err()).contains("127.0.0.1:1", "refused");
        environment.remove("OUTBOX_POSTGRES_URL");
        assertThat(dlq("list").is(ExitCode.WRONG_USAGE).err()).contains("outbox.postgres.url", "OUTBOX_POSTGRES_URL");
    }
}

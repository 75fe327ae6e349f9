package dev.outboxrelay.settle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Poison;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.settle.Reconciled.Live;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TcpProxy;
import java.net.URI;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the leader asks of the table of dead letters, and that nothing in the way costs more than time. */
final class BacklogIT {

    private static int databases;

    private LetterTable table;

    @BeforeEach
    void create() throws Exception {
        table = LetterTable.create("backlog_" + databases++);
    }

    @AfterEach
    void close() throws Exception {
        table.close();
    }

    private void replay(OutboxEvent event) throws Exception {
        assertThat(table.operate(
                        "UPDATE outbox.dead_letter SET state = 'replaying' WHERE event_id = '" + event.id() + "'"))
                .isEqualTo(1);
    }

    private void die(OutboxEvent event) throws Exception {
        table.execute(
                "UPDATE outbox.dead_letter SET state = 'dead', reason = 'invalid_subject', error = 'e', attempts = 2,"
                        + " first_failed_at = '2026-01-01', dead_at = '2026-01-02' WHERE event_id = '" + event.id()
                        + "'");
        table.execute("UPDATE outbox.message SET status = 'failed' WHERE id = '" + event.id() + "'");
    }

    private static List<EventId> ids(Fetched fetched) {
        return fetched.rows().stream().map(row -> row.event().id()).toList();
    }

    private static List<EventId> ids(List<OutboxEvent> events) {
        return events.stream().map(OutboxEvent::id).toList();
    }

    // ------------------------------------------------------------------------------------------ fetch

    @Test
    void a_fetch_brings_a_tenants_events_in_their_order_and_as_they_were() throws Exception {
        byte[] payload = {0, 1, -1};
        OutboxEvent first = LetterTable.event("acme", UUID.randomUUID().toString(), "{\"a\": \"b\"}", payload);
        table.park(List.of(first));
        table.parked("other", 2);
        List<OutboxEvent> more = table.parked("acme", 3);
        die(more.get(0));
        die(more.get(1));
        replay(more.get(1));
        Backlog backlog = table.backlog();

        Fetched fetched = table.fetch(backlog, "acme");

        assertThat(ids(fetched))
                .containsExactly(first.id(), more.get(1).id(), more.get(2).id());
        assertThat(fetched.held()).isFalse();
        assertThat(fetched.rows().stream().map(BacklogRow::replay)).containsExactly(false, true, false);
        assertThat(fetched.rows().stream().map(BacklogRow::seq)).isSorted();
        OutboxEvent back = fetched.rows().get(0).event();
        assertThat(back.row()).isEqualTo(first.row());
        assertThat(back.tenant()).isEqualTo("acme");
        assertThat(back.subject()).isEqualTo(first.subject());
        assertThat(back.headersJson()).isEqualTo(first.headersJson());
        assertThat(back.payload().bytes()).isEqualTo(payload);
        assertThat(back.origin().lsn()).isEqualTo(Lsn.NONE);
        assertThat(back.origin().committedAtMicros()).isEqualTo(first.origin().committedAtMicros());
        assertThat(table.fetch(backlog, "nobody")).isEqualTo(new Fetched(List.of(), false));
    }

    @Test
    void a_fetch_is_bounded_in_events_and_in_bytes_and_brings_at_least_one() throws Exception {
        List<OutboxEvent> events = new ArrayList<>();
        for (int size : new int[] {5_000, 100, 100, 5_000, 100}) {
            events.add(LetterTable.event("acme", UUID.randomUUID().toString(), null, new byte[size]));
        }
        table.park(events);
        Backlog backlog = table.backlog();

        assertThat(fetched(backlog, 2, 100_000)).isEqualTo(ids(events.subList(0, 2)));
        assertThat(fetched(backlog, 100, 1)).isEqualTo(ids(events.subList(0, 1)));
        assertThat(fetched(backlog, 100, 5_000 + 300)).isEqualTo(ids(events.subList(0, 3)));
        assertThat(fetched(backlog, 100, 5_000 + 3_000))
                .as("nothing behind one that does not fit")
                .isEqualTo(ids(events.subList(0, 3)));
        assertThat(fetched(backlog, 100, 100_000)).isEqualTo(ids(events));
    }

    private List<EventId> fetched(Backlog backlog, int events, long bytes) {
        return ids(table.<Fetched>ask(answer -> backlog.fetch("acme", events, bytes, answer)));
    }

    @Test
    void a_corrected_event_is_fetched_as_it_is_to_be_sent() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 2);
        events.forEach(event -> unchecked(() -> die(event)));
        table.operate("UPDATE outbox.dead_letter SET state = 'replaying', replay_subject = 'events.better',"
                + " replay_headers = '{\"x\": \"y\"}' WHERE event_id = '"
                + events.get(0).id() + "'");
        replay(events.get(1));

        Fetched fetched = table.fetch(table.backlog(), "acme");

        assertThat(fetched.rows().get(0).event().subject()).isEqualTo("events.better");
        assertThat(fetched.rows().get(0).event().headersJson()).isEqualTo("{\"x\": \"y\"}");
        assertThat(fetched.rows().get(1).event().subject())
                .isEqualTo(events.get(1).subject());
        assertThat(fetched.rows().get(1).event().headersJson()).isNull();
    }

    @Test
    void an_event_of_another_table_is_fetched_with_its_row() throws Exception {
        EventId id = new EventId("shop.outbox:a:4711");
        table.park(List.of(new OutboxEvent(
                id,
                new RowRef(new TableName("shop", "outbox"), "a:4711"),
                "acme",
                "a.b",
                null,
                dev.outboxrelay.event.Payload.EMPTY,
                LetterTable.event("acme", "x", null, new byte[0]).origin())));

        OutboxEvent back = table.fetch(table.backlog(), "acme").rows().get(0).event();

        assertThat(back.id()).isEqualTo(id);
        assertThat(back.row()).isEqualTo(new RowRef(new TableName("shop", "outbox"), "a:4711"));
    }

    @Test
    void what_cannot_be_an_event_is_a_dead_letter_again_and_the_rest_goes_on() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 4);
        events.forEach(event -> unchecked(() -> die(event)));
        table.execute("UPDATE outbox.dead_letter SET payload = NULL WHERE event_id = '"
                + events.get(0).id() + "'");
        table.execute("UPDATE outbox.dead_letter SET subject = NULL WHERE event_id = '"
                + events.get(1).id() + "'");
        table.execute(
                "UPDATE outbox.dead_letter SET source = 'shop.outbox', event_id = 'shop.outbox:unreadable@0/16B3748'"
                        + " WHERE event_id = '" + events.get(2).id() + "'");
        table.operate("UPDATE outbox.dead_letter SET state = 'replaying'");

        Fetched fetched = table.fetch(table.backlog(), "acme");

        assertThat(ids(fetched)).containsExactly(events.get(3).id());
        assertThat(table.texts("SELECT state, reason, error FROM outbox.dead_letter ORDER BY seq"))
                .startsWith(
                        "dead malformed_row cannot be sent: its id, subject or payload is missing or cannot be read; insert the event again",
                        "dead malformed_row cannot be sent: its id, subject or payload is missing or cannot be read; insert the event again",
                        "dead malformed_row cannot be sent: its id, subject or payload is missing or cannot be read; insert the event again")
                .hasSize(4);
    }

    // ------------------------------------------------------------------------------------------ resolve

    @Test
    void resolving_says_sent_or_replayed_and_published_in_one_transaction() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 3);
        die(events.get(1));
        replay(events.get(1));
        Backlog backlog = table.backlog();

        table.resolve(backlog, table.fetch(backlog, "acme").rows());

        assertThat(table.states(events)).containsExactly("sent published", "replayed published", "sent published");
        assertThat(table.texts(
                        "SELECT d.resolved_at = m.published_at, d.xmin = m.xmin, d.mark_due FROM outbox.dead_letter d"
                                + " JOIN outbox.message m ON d.event_id = m.id::text"))
                .containsOnly("t t f");
        assertThat(table.texts("SELECT reason, error, attempts FROM outbox.dead_letter WHERE state = 'replayed'"))
                .as("the history stays")
                .containsExactly("invalid_subject e 2");
        assertThat(table.fetch(backlog, "acme").rows()).isEmpty();
    }

    @Test
    void resolving_deletes_the_row_or_leaves_it_alone_as_its_mode_says() throws Exception {
        table.execute("GRANT DELETE ON outbox.message TO outbox_relay");
        List<OutboxEvent> events = table.parked("acme", 2);
        die(events.get(1));
        replay(events.get(1));
        Backlog delete = table.backlog(
                table.database(), LetterTable.settled(TableName.OUTBOX_MESSAGE, SettleMode.DELETE), Poison.SKIP);
        table.resolve(delete, table.fetch(delete, "acme").rows());
        assertThat(table.states(events)).containsExactly("sent gone", "replayed gone");

        List<OutboxEvent> kept = table.parked("acme", 1);
        Backlog keep = table.backlog(
                table.database(), LetterTable.settled(TableName.OUTBOX_MESSAGE, SettleMode.KEEP), Poison.SKIP);
        table.resolve(keep, table.fetch(keep, "acme").rows());
        assertThat(table.states(kept)).containsExactly("sent pending");
        assertThat(table.texts("SELECT DISTINCT mark_due FROM outbox.dead_letter"))
                .containsExactly("f");
    }

    @Test
    void what_was_sent_overrides_what_an_operator_decided_too_late() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 3);
        die(events.get(1));
        replay(events.get(1));
        Backlog backlog = table.backlog();
        Fetched fetched = table.fetch(backlog, "acme");
        table.operate(
                "UPDATE outbox.dead_letter SET state = 'discarded', resolved_at = now(), mark_due = true WHERE event_id <> '"
                        + events.get(2).id() + "'");
        table.operate("DELETE FROM outbox.dead_letter WHERE event_id = '"
                + events.get(2).id() + "'");

        table.resolve(backlog, fetched.rows());

        table.awaitStates(events, "sent published", "replayed published", "none published");
    }

    @Test
    void a_locked_outbox_row_stops_nothing_and_is_marked_when_the_lock_goes_even_by_the_next_leader() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 3);
        try (Connection application = table.superuser()) {
            lock(application, "outbox.message WHERE id = '" + events.get(1).id() + "'");
            try (Backlog backlog = table.backlog()) {
                table.resolve(backlog, table.fetch(backlog, "acme").rows());
                assertThat(table.states(events)).containsExactly("sent published", "sent pending", "sent published");
            }
            try (Backlog next = table.backlog()) {
                List<OutboxEvent> later = table.parked("acme", 1);
                table.resolve(next, table.fetch(next, "acme").rows());
                assertThat(table.states(later)).containsExactly("sent published");
                assertThat(table.states(events)).contains("sent pending");

                application.rollback();

                table.awaitStates(events, "sent published", "sent published", "sent published");
                Await.until(
                        "nothing is due any more",
                        () -> table.text("SELECT count(*) FROM outbox.dead_letter WHERE mark_due")
                                .equals("0"));
            }
        }
    }

    @Test
    void an_outbox_row_that_is_gone_is_given_up_after_a_while() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 1);
        table.execute("DELETE FROM outbox.message");
        Backlog backlog = table.backlog();

        table.resolve(backlog, table.fetch(backlog, "acme").rows());

        assertThat(table.text("SELECT mark_due FROM outbox.dead_letter")).isEqualTo("t");
        table.execute("UPDATE outbox.dead_letter SET resolved_at = now() - interval '11 s'");
        Await.until(
                "it is given up",
                () -> table.text("SELECT mark_due FROM outbox.dead_letter").equals("f"));
        assertThat(table.states(events)).containsExactly("sent gone");
    }

    private static void lock(Connection connection, String what) throws Exception {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT 1 FROM " + what + " FOR UPDATE");
        }
    }

    @Test
    void a_letter_that_somebody_holds_makes_its_tenant_wait_and_nobody_else() throws Exception {
        List<OutboxEvent> held = table.parked("acme", 2);
        List<OutboxEvent> free = table.parked("other", 2);
        Backlog backlog = table.backlog();
        Fetched fetched = table.fetch(backlog, "acme");
        CompletableFuture<String> resolved = new CompletableFuture<>();
        CompletableFuture<Reconciled> reconciled = new CompletableFuture<>();
        try (Connection operator = table.superuser()) {
            lock(operator, "outbox.dead_letter WHERE event_id = '" + held.get(1).id() + "'");

            backlog.resolve(fetched.rows(), () -> resolved.complete("done"));
            backlog.reconcile("acme", Set.of(), held.get(1).id(), reconciled::complete);
            table.resolve(backlog, table.fetch(backlog, "other").rows());

            assertThat(table.states(free)).containsExactly("sent published", "sent published");
            assertThat(resolved).isNotDone();
            assertThat(reconciled).isNotDone();
            assertThat(table.states(held))
                    .as("the reconciliation went as far as it could")
                    .contains("parked pending");
            operator.rollback();
        }
        resolved.get(30, TimeUnit.SECONDS);
        reconciled.get(30, TimeUnit.SECONDS);
        assertThat(table.states(held)).containsExactly("sent published", "sent published");
    }

    @Test
    void a_request_that_fails_for_a_cause_of_its_own_delays_nobody_else() throws Exception {
        table.execute("CREATE TABLE public.mapped (id text, status text)");
        RowRef row = new RowRef(new TableName("public", "mapped"), "1");
        OutboxEvent of = LetterTable.event("acme", "x", null, new byte[0]);
        OutboxEvent mapped =
                new OutboxEvent(new EventId("public.mapped:1"), row, "acme", "a.b", null, of.payload(), of.origin());
        table.park(List.of(mapped));
        List<OutboxEvent> free = table.parked("other", 1);
        Backlog backlog = table.backlog(
                table.database(),
                Map.of(
                        TableName.OUTBOX_MESSAGE,
                        TableMapping.nativeLayout(TableName.OUTBOX_MESSAGE, SettleMode.MARK),
                        row.table(),
                        TableMapping.nativeLayout(row.table(), SettleMode.DELETE)),
                Poison.SKIP);
        CompletableFuture<String> resolved = new CompletableFuture<>();
        backlog.resolve(table.fetch(backlog, "acme").rows(), () -> resolved.complete("done"));

        table.resolve(backlog, table.fetch(backlog, "other").rows());

        assertThat(table.states(free)).containsExactly("sent published");
        assertThat(resolved).isNotDone();
        table.execute("GRANT SELECT, UPDATE, DELETE ON public.mapped TO outbox_relay");
        resolved.get(30, TimeUnit.SECONDS);
    }

    // ------------------------------------------------------------------------------------------ bury

    @Test
    void a_buried_event_is_dead_with_all_that_happened_and_its_row_says_failed() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 2);
        die(events.get(1));
        replay(events.get(1));
        Backlog backlog = table.backlog();
        List<BacklogRow> rows = table.fetch(backlog, "acme").rows();

        for (BacklogRow row : rows) {
            String unused = table.ask(answer -> backlog.bury(
                    row, Reason.STREAM_REJECTED, "message size\nexceeds…", 3, () -> answer.accept("done")));
        }

        assertThat(table.states(events)).containsExactly("dead failed", "dead failed");
        assertThat(table.texts(
                        "SELECT reason, error, attempts, first_failed_at = '2026-01-01', dead_at > now() - interval '1 min',"
                                + " resolved_at, mark_due FROM outbox.dead_letter ORDER BY seq"))
                .containsExactly(
                        "stream_rejected message size exceeds? 3 f t null f",
                        "stream_rejected message size exceeds? 5 t t null f");
    }

    @Test
    void an_event_that_an_operator_discarded_stays_discarded_when_it_turns_out_to_be_poison() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 1);
        Backlog backlog = table.backlog();
        BacklogRow row = table.fetch(backlog, "acme").rows().get(0);
        table.operate("UPDATE outbox.dead_letter SET state = 'discarded', resolved_at = now(), mark_due = true");

        String unused = table.ask(
                answer -> backlog.bury(row, Reason.STREAM_REJECTED, "too large", 1, () -> answer.accept("done")));

        table.awaitStates(events, "discarded failed");
    }

    @Test
    void the_row_of_a_parked_event_that_was_discarded_says_failed() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 2);
        Backlog backlog = table.backlog();

        table.operate(
                "UPDATE outbox.dead_letter SET state = 'discarded', resolved_at = now(), mark_due = true WHERE event_id = '"
                        + events.get(0).id() + "'");

        table.awaitStates(events, "discarded failed", "parked pending");
        assertThat(ids(table.fetch(backlog, "acme")))
                .containsExactly(events.get(1).id());
    }

    // ------------------------------------------------------------------------------------------ hold

    @Test
    void under_hold_nothing_behind_a_dead_letter_is_fetched_until_it_is_decided() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 4);
        die(events.get(1));
        Backlog backlog = table.backlog(table.database(), MARK, Poison.HOLD);
        List<OutboxEvent> others = table.parked("other", 1);

        Fetched before = table.fetch(backlog, "acme");
        assertThat(ids(before)).containsExactly(events.get(0).id());
        table.resolve(backlog, before.rows());
        assertThat(table.fetch(backlog, "acme")).isEqualTo(new Fetched(List.of(), true));
        assertThat(ids(table.fetch(backlog, "other"))).isEqualTo(ids(others));

        replay(events.get(1));
        awaitDue("acme");
        Fetched after = table.fetch(backlog, "acme");
        assertThat(ids(after)).as("the poison first").isEqualTo(ids(events.subList(1, 4)));

        String unused = table.ask(answer ->
                backlog.bury(after.rows().get(0), Reason.STREAM_REJECTED, "too large", 1, () -> answer.accept("done")));
        assertThat(table.fetch(backlog, "acme").held()).isTrue();

        table.due.clear();
        table.operate("UPDATE outbox.dead_letter SET state = 'discarded', resolved_at = now() WHERE state = 'dead'");
        awaitDue("acme");
        assertThat(ids(table.fetch(backlog, "acme"))).isEqualTo(ids(events.subList(2, 4)));
    }

    private static final Map<TableName, TableMapping> MARK = LetterTable.MARK;

    private void awaitDue(String tenant) {
        Await.until(tenant + " is due", () -> table.due.contains(tenant));
    }

    @Test
    void hold_holds_back_live_events_too_when_nothing_is_parked_yet() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 1);
        die(events.get(0));
        table.parked("silent", 1);
        Backlog backlog = table.backlog(table.database(), MARK, Poison.HOLD);

        assertThat(table.fetch(backlog, "acme")).isEqualTo(new Fetched(List.of(), true));
        assertThat(table.fetch(backlog, "nobody")).isEqualTo(new Fetched(List.of(), false));
        assertThat(backlog.tenants()).isEqualTo(Map.of("acme", 0L, "silent", 1L));
    }

    @Test
    void an_edit_of_the_policy_counts_at_once() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 3);
        die(events.get(0));
        Backlog backlog = table.backlog();
        assertThat(ids(table.fetch(backlog, "acme"))).isEqualTo(ids(events.subList(1, 3)));

        table.operate("INSERT INTO outbox.tenant (tenant_id, poison) VALUES ('acme', 'hold')");
        assertThat(table.fetch(backlog, "acme").held()).isTrue();
        assertThat(table.due).isEmpty();

        table.operate("UPDATE outbox.tenant SET poison = NULL");
        awaitDue("acme");
        assertThat(ids(table.fetch(backlog, "acme"))).isEqualTo(ids(events.subList(1, 3)));
    }

    // ------------------------------------------------------------------------------------------ who is due

    @Test
    void operators_are_heard_and_only_about_what_is_asked_of_a_tenant_that_can_have_a_stream() throws Exception {
        String endless = "größe" + "x".repeat(9_000);
        List<OutboxEvent> events = new ArrayList<>(table.parked("acme", 2));
        events.addAll(table.parked("", 1));
        events.addAll(table.parked("a b", 2));
        events.addAll(table.parked(endless, 1));
        table.parked("parked", 1);
        events.forEach(event -> unchecked(() -> die(event)));
        table.backlog();
        table.operate("UPDATE outbox.dead_letter SET state = 'replaying' WHERE state = 'dead'");

        awaitDue("acme");
        Await.until(
                "what has no stream is dead again",
                () -> table.text("SELECT count(*) FROM outbox.dead_letter WHERE state = 'dead'")
                        .equals("4"));

        assertThat(table.due).containsOnly("acme");
        assertThat(table.texts("SELECT DISTINCT reason, error, attempts FROM outbox.dead_letter WHERE state = 'dead'"))
                .containsExactly("invalid_subject cannot be sent again: its tenant id has no stream name under"
                        + " outbox.naming: strict; insert the event again with a proper tenant id 2");
        assertThat(table.texts("SELECT tenant_id, state FROM outbox.dead_letter WHERE state <> 'dead' ORDER BY seq"))
                .containsExactly("acme replaying", "acme replaying", "parked parked");
    }

    @Test
    void a_tenant_id_of_any_length_can_be_a_dead_letter() throws Exception {
        String random = new java.util.SplittableRandom(1)
                .ints(20_000, 33, 126)
                .mapToObj(c -> String.valueOf((char) c))
                .collect(Collectors.joining());

        table.parked(random, 1);

        assertThat(table.text("SELECT octet_length(tenant_id) FROM outbox.dead_letter"))
                .isEqualTo("20000");
    }

    @Test
    void a_session_begins_with_the_tenants_that_have_something_to_send() throws Exception {
        List<OutboxEvent> acme = table.parked("acme", 5);
        die(acme.get(0));
        die(acme.get(1));
        replay(acme.get(1));
        table.parked("other", 1);
        List<OutboxEvent> done = table.parked("done", 1);
        die(done.get(0));
        table.parked("a b", 1);
        table.execute("UPDATE outbox.dead_letter SET slot = 'elsewhere' WHERE tenant_id = 'other'");

        assertThat(table.backlog().tenants()).isEqualTo(Map.of("acme", 4L));
    }

    // ------------------------------------------------------------------------------------------ reconcile

    @Test
    void what_was_found_in_the_stream_is_resolved_and_nothing_else() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 5);
        List<OutboxEvent> others = table.parked("other", 1);
        die(events.get(0));
        die(events.get(1));
        replay(events.get(1));
        table.operate("UPDATE outbox.dead_letter SET state = 'discarded' WHERE event_id = '"
                + events.get(4).id() + "'");
        Backlog backlog = table.backlog();

        Reconciled found = table.reconcile(
                backlog,
                "acme",
                Set.of(
                        events.get(0).id(),
                        events.get(1).id(),
                        events.get(2).id(),
                        events.get(4).id(),
                        others.get(0).id(),
                        new EventId("foreign")),
                null);

        assertThat(found).isEqualTo(new Reconciled(3, 0, Live.ABSENT));
        assertThat(table.states(events))
                .containsExactly(
                        "dead failed", "replayed published", "sent published", "parked pending", "sent published");
        assertThat(table.states(others)).containsExactly("parked pending");
        assertThat(table.reconcile(backlog, "acme", Set.of(events.get(1).id()), null)
                        .resolved())
                .isZero();
    }

    @Test
    void what_was_parked_up_to_the_streams_last_live_event_is_in_the_stream() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 4);
        die(events.get(0));
        replay(events.get(0));
        List<OutboxEvent> others = table.parked("other", 1);
        Backlog backlog = table.backlog();
        List<OutboxEvent> later = table.parked("acme", 2);
        long seq = Long.parseLong(table.text("SELECT seq FROM outbox.dead_letter WHERE event_id = '"
                + events.get(2).id() + "'"));

        assertThat(table.reconcile(backlog, "acme", Set.of(), new EventId("unknown")))
                .isEqualTo(new Reconciled(0, 0, Live.ABSENT));
        assertThat(table.reconcile(backlog, "acme", Set.of(), others.get(0).id())
                        .live())
                .as("another tenant's")
                .isEqualTo(Live.ABSENT);
        assertThat(table.reconcile(backlog, "acme", Set.of(), events.get(2).id()))
                .isEqualTo(new Reconciled(2, seq, Live.EARLIER));
        assertThat(table.states(events))
                .containsExactly("replaying failed", "sent published", "sent published", "parked pending");
        assertThat(table.reconcile(backlog, "acme", Set.of(), later.get(0).id()).live())
                .isEqualTo(Live.THIS_SESSION);
        assertThat(table.states(later)).containsExactly("sent published", "parked pending");
        assertThat(table.states(others)).containsExactly("parked pending");
    }

    @Test
    void a_long_reconciliation_lets_others_in_between_and_survives_killed_connections() throws Exception {
        table.execute(
                "INSERT INTO outbox.message (id, tenant_id, subject, payload) SELECT gen_random_uuid(), 'acme', 'a.b', ''"
                        + " FROM generate_series(1, 20000)");
        table.execute(
                "INSERT INTO outbox.dead_letter (slot, source, event_id, tenant_id, subject, payload, state)"
                        + " SELECT 'any', 'outbox.message', id::text, tenant_id, subject, payload, 'parked' FROM outbox.message ORDER BY seq");
        List<OutboxEvent> others = table.parked("other", 1);
        OutboxEvent last = table.parked("acme", 1).get(0);
        List<OutboxEvent> after = table.parked("acme", 1);
        Backlog backlog = table.backlog();
        CompletableFuture<Reconciled> answer = new CompletableFuture<>();
        try (Connection barrier = table.barrier("outbox.dead_letter", "UPDATE")) {
            backlog.reconcile("acme", Set.of(), last.id(), answer::complete);
            table.killAtBarrier("backlog");
        }
        Fetched other = table.fetch(backlog, "other");
        boolean between = !answer.isDone();
        table.resolve(backlog, other.rows());

        Reconciled found = answer.get(60, TimeUnit.SECONDS);

        assertThat(between).as("another tenant was served in the meantime").isTrue();
        assertThat(found.resolved()).isEqualTo(20_001);
        assertThat(table.states(others)).containsExactly("sent published");
        assertThat(table.states(after)).containsExactly("parked pending");
        assertThat(table.texts("SELECT d.state, m.status, count(*) FROM outbox.dead_letter d JOIN outbox.message m"
                        + " ON d.event_id = m.id::text GROUP BY 1, 2 ORDER BY 1"))
                .containsExactly("parked pending 1", "sent published 20002");
    }

    // ------------------------------------------------------------------------------------------ broken connections

    @Test
    void a_connection_that_is_killed_between_two_statements_leaves_all_or_nothing() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 3);
        Backlog backlog = table.backlog();
        Fetched fetched = table.fetch(backlog, "acme");
        CompletableFuture<String> resolved = new CompletableFuture<>();
        // the outbox rows are marked, the letters are not
        try (Connection barrier = table.barrier("outbox.dead_letter", "UPDATE")) {
            backlog.resolve(fetched.rows(), () -> resolved.complete("done"));
            table.killAtBarrier("backlog");
            Await.until(
                    "nothing of it is left",
                    () -> table.states(events).equals(List.of("parked pending", "parked pending", "parked pending")));
            assertThat(resolved).isNotDone();
        }
        resolved.get(30, TimeUnit.SECONDS);
        assertThat(table.states(events)).containsExactly("sent published", "sent published", "sent published");
    }

    @Test
    void a_commit_whose_answer_is_lost_is_answered_once() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 2);
        URI server = URI.create(table.url().substring("jdbc:".length()));
        List<String> answers = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (TcpProxy proxy = TcpProxy.to(server.getHost(), server.getPort())) {
            String url = table.url().replace(":" + server.getPort() + "/", ":" + proxy.port() + "/");
            Backlog backlog = table.backlog(table.database(url), MARK, Poison.SKIP);
            Fetched fetched = table.fetch(backlog, "acme");
            table.execute("CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON outbox.dead_letter INITIALLY DEFERRED"
                    + " FOR EACH ROW EXECUTE FUNCTION public.barrier()");
            try (Connection barrier = table.barrier("outbox.route", "DELETE")) {
                backlog.resolve(fetched.rows(), () -> answers.add("resolved"));
                backlog.fetch(
                        "acme",
                        10,
                        1_000,
                        again -> answers.add("then " + again.rows().size()));
                Await.until(
                        "a commit waits",
                        () -> !table.texts("SELECT 1 FROM pg_stat_activity WHERE datname ="
                                        + " current_database() AND query = 'COMMIT' AND wait_event_type = 'Lock'")
                                .isEmpty());
                proxy.sever();
            }
            table.awaitStates(events, "sent published", "sent published");
            assertThat(answers).isEmpty();
            proxy.heal();
            Await.until("both are answered", () -> answers.size() == 2);
        }
        assertThat(answers).containsExactly("resolved", "then 0");
        assertThat(table.states(events)).containsExactly("sent published", "sent published");
    }

    @Test
    void a_leader_that_is_late_changes_nothing() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 1);
        Backlog backlog = table.backlog();
        Fetched fetched = table.fetch(backlog, "acme");
        table.execute("UPDATE outbox.leader SET term = 2");

        backlog.resolve(fetched.rows(), () -> table.ended.complete("resolved"));

        assertThat(table.ended.get(30, TimeUnit.SECONDS)).isEqualTo("fenced");
        assertThat(table.states(events)).containsExactly("parked pending");
    }

    @Test
    void a_session_waits_for_what_an_earlier_one_of_the_same_term_is_just_writing() throws Exception {
        List<OutboxEvent> events = table.insert("acme", 1);
        CompletableFuture<String> parked = new CompletableFuture<>();
        ParkWriter earlier = table.parkWriter(table.database());
        CompletableFuture<Backlog> opened;
        try (Connection barrier = table.barrier("outbox.dead_letter", "INSERT")) {
            earlier.add(List.of(new Parking(events.get(0), "full", () -> parked.complete("done"))));
            Await.until(
                    "it is in the middle",
                    () -> !table.texts(
                                    "SELECT 1 FROM pg_stat_activity WHERE datname ="
                                            + " current_database() AND application_name = 'outbox-relay park' AND wait_event_type = 'Lock'")
                            .isEmpty());
            opened = CompletableFuture.supplyAsync(() -> uncheckedGet(table::backlog));
            Await.until(
                    "the next session waits",
                    () -> !table.texts("SELECT 1 FROM pg_stat_activity WHERE datname ="
                                    + " current_database() AND application_name = 'outbox-relay backlog start'"
                                    + " AND wait_event_type = 'Lock'")
                            .isEmpty());
        }

        Backlog backlog = opened.get(30, TimeUnit.SECONDS);

        assertThat(backlog.tenants()).isEqualTo(Map.of("acme", 1L));
        assertThat(table.reconcile(backlog, "acme", Set.of(), events.get(0).id())
                        .live())
                .isEqualTo(Live.EARLIER);
    }

    private interface Action {
        void run() throws Exception;
    }

    private interface Value<T> {
        T get() throws Exception;
    }

    private static void unchecked(Action action) {
        Object unused = uncheckedGet(() -> {
            action.run();
            return "done";
        });
    }

    private static <T> T uncheckedGet(Value<T> value) {
        try {
            return value.get();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}

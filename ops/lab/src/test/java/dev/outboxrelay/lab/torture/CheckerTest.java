package dev.outboxrelay.lab.torture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import dev.outboxrelay.lab.torture.Violation.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every kind of violation, built by hand, and nothing found where nothing is wrong. */
final class CheckerTest {

    private static final String TIME = "2026-11-01T10:00:00.000001Z";
    private static final String POSITION = "1;7;123;1;slot;0/16B3748;0/16B3740;0;";

    private final List<Expected> rows = new ArrayList<>();
    private final List<Stored> messages = new ArrayList<>();

    @Test
    void nothing_is_wrong_with_a_stream_that_holds_every_row_in_order() {
        rows.addAll(List.of(row(0), row(1), row(2)));
        store(0, 1, 2);

        assertThat(check()).isEmpty();
    }

    @Test
    void nothing_is_wrong_with_a_dead_letter_between() {
        rows.addAll(List.of(row(0), poison(1), row(2)));
        store(0, 2);

        assertThat(check()).isEmpty();
    }

    @Test
    void nothing_is_wrong_without_rows_and_without_a_stream() {
        assertThat(new Checker("t", "slot", Settle.MARK, id -> null).check(List.of(), null))
                .isEmpty();
    }

    @Test
    void a_row_that_is_nowhere_is_lost() {
        rows.addAll(List.of(row(0), row(1)));
        store(0);

        assertThat(check()).containsExactly(Kind.LOST);
    }

    @Test
    void a_row_of_a_tenant_without_a_stream_is_lost() {
        rows.add(row(0));

        assertThat(new Checker("t", "slot", Settle.MARK, id -> null).check(rows, null))
                .extracting(Violation::kind)
                .containsExactly(Kind.LOST);
    }

    @Test
    void a_row_that_breaks_a_rule_and_has_no_dead_letter_is_lost() {
        rows.add(new Expected(0, "id-0", "s", "d", Map.of(), "invalid_subject", TIME, failed(), null));

        assertThat(check()).containsExactly(Kind.LOST);
    }

    @Test
    void an_event_that_is_there_twice_is_doubled() {
        rows.addAll(List.of(row(0), row(1)));
        store(0, 1, 0);

        assertThat(check()).containsExactly(Kind.DOUBLED);
    }

    @Test
    void each_event_behind_a_later_one_is_out_of_order() {
        rows.addAll(List.of(row(0), row(1), row(2), row(3)));
        store(3, 0, 1, 2);

        assertThat(check()).containsExactly(Kind.OUT_OF_ORDER, Kind.OUT_OF_ORDER, Kind.OUT_OF_ORDER);
    }

    @Test
    void another_tenants_event_is_in_the_wrong_stream() {
        rows.add(row(0));
        store(0);
        messages.add(message(9, 2));

        assertThat(new Checker("t", "slot", Settle.MARK, Map.of("id-9", "other")::get).check(rows, stream(1)))
                .extracting(Violation::kind)
                .containsExactly(Kind.WRONG_STREAM);
    }

    @Test
    void an_event_of_no_committed_row_is_not_committed() {
        rows.add(row(0));
        store(0);
        messages.add(message(9, 2));

        assertThat(check()).containsExactly(Kind.NOT_COMMITTED);
    }

    @Test
    void a_row_that_breaks_a_rule_must_not_be_published() {
        rows.addAll(List.of(poison(0), row(1)));
        store(0, 1);

        assertThat(check()).containsExactly(Kind.POISON_PUBLISHED);
    }

    @Test
    void another_subject_is_wrong() {
        rows.add(row(0));
        messages.add(new Stored(1, "tenant.other.events.a", "digest-0", headers(0, 1)));

        assertThat(check()).containsExactly(Kind.WRONG_SUBJECT);
    }

    @Test
    void other_bytes_are_wrong() {
        rows.add(row(0));
        messages.add(new Stored(1, "tenant.t.events.a", "digest-1", headers(0, 1)));

        assertThat(check()).containsExactly(Kind.WRONG_BYTES);
    }

    @Test
    void every_header_is_compared() {
        for (String name : headers(0, 1).keySet()) {
            if (!name.equals("Nats-Msg-Id")) {
                assertThat(checkWithHeader(name, "something else")).as(name).containsExactly(Kind.WRONG_HEADERS);
            }
        }
    }

    @Test
    void every_header_must_be_there_but_the_chains() {
        for (String name : headers(0, 1).keySet()) {
            if (!name.equals("Nats-Msg-Id") && !name.equals("Nats-Expected-Last-Sequence")) {
                assertThat(checkWithHeader(name, null)).as(name).containsExactly(Kind.WRONG_HEADERS);
            }
        }
    }

    @Test
    void a_header_too_many_is_wrong() {
        assertThat(checkWithHeader("Stowaway", "x")).containsExactly(Kind.WRONG_HEADERS);
    }

    @Test
    void what_an_earlier_leader_had_in_flight_may_come_after_a_later_leaders_first() {
        handOver(500);

        assertThat(check()).isEmpty();
    }

    @Test
    void an_earlier_leader_that_goes_on_behind_a_later_one_is_wrong() {
        handOver(501);

        assertThat(check()).containsExactly(Kind.WRONG_HEADERS);
    }

    /** One message of the later leader, then so many of the earlier one. */
    private void handOver(int late) {
        for (int number = 0; number <= late; number++) {
            rows.add(row(number));
            store(number);
            if (number > 0) {
                messages.set(
                        number,
                        with(
                                messages.get(number),
                                "Outbox-Position",
                                POSITION.replace("1;7;", "1;6;") + "id-" + number));
            }
        }
    }

    @Test
    void a_stored_row_must_be_marked() {
        rows.add(row(0, new Expected.Row("pending", false, true), null));
        store(0);

        assertThat(check()).containsExactly(Kind.WRONG_STATUS);
    }

    @Test
    void an_event_without_a_row_must_have_none_and_be_stored_like_any_other() {
        Expected event = new Expected(
                0, Expected.EMITTED + "0", "tenant.t.s", "d", Map.of(), "invalid_subject", TIME, null, null);
        Expected dead =
                new Expected(0, event.id(), "s", "d", Map.of(), "invalid_subject", TIME, null, dead("invalid_subject"));
        Expected withRow = new Expected(
                0, event.id(), "s", "d", Map.of(), "invalid_subject", TIME, failed(), dead("invalid_subject"));

        assertThat(checkAlone(event)).containsExactly(Kind.LOST);
        assertThat(checkAlone(dead)).isEmpty();
        assertThat(checkAlone(withRow)).containsExactly(Kind.WRONG_STATUS);
    }

    private List<Kind> checkAlone(Expected row) {
        rows.clear();
        rows.add(row);
        return check();
    }

    @Test
    void a_dead_row_must_be_failed() {
        rows.add(new Expected(
                0, "id-0", "s", "d", Map.of(), "invalid_subject", TIME, published(), dead("invalid_subject")));

        assertThat(check()).containsExactly(Kind.WRONG_STATUS);
    }

    @Test
    void a_row_that_breaks_no_rule_must_not_be_a_dead_letter() {
        rows.add(row(0, failed(), dead("retries_exhausted")));

        assertThat(check()).containsExactly(Kind.UNEXPECTED_DEAD_LETTER);
    }

    @Test
    void a_stored_row_must_not_be_a_dead_letter_as_well() {
        rows.add(row(0, published(), dead("retries_exhausted")));
        store(0);

        assertThat(check()).containsExactly(Kind.UNEXPECTED_DEAD_LETTER);
    }

    @Test
    void a_dead_letter_must_name_the_right_reason_and_hold_what_the_row_held() {
        rows.addAll(List.of(
                new Expected(0, "id-0", "s", "d", Map.of(), "invalid_subject", TIME, failed(), dead("invalid_tenant")),
                new Expected(
                        1,
                        "id-1",
                        "s",
                        "d",
                        Map.of(),
                        "invalid_subject",
                        TIME,
                        failed(),
                        new Expected.Dead("invalid_subject", "dead", false))));

        assertThat(check()).containsExactly(Kind.WRONG_DEAD_LETTER, Kind.WRONG_DEAD_LETTER);
    }

    @Test
    void a_parked_event_that_was_sent_is_an_event_like_any_other() {
        rows.addAll(List.of(row(0), row(1, published(), letter(null, "sent")), row(2)));
        store(0, 1, 2);

        assertThat(check()).isEmpty();
    }

    @Test
    void a_message_from_the_backlog_may_name_another_live_event_or_none() {
        rows.add(row(0, published(), letter(null, "sent")));
        messages.add(with(message(0, 1), "Outbox-Position", POSITION));

        assertThat(check()).isEmpty();
    }

    @Test
    void a_parked_event_behind_a_later_one_is_out_of_order() {
        rows.addAll(List.of(row(0), row(1, published(), letter(null, "sent")), row(2)));
        store(0, 2, 1);

        assertThat(check()).containsExactly(Kind.OUT_OF_ORDER);
    }

    @Test
    void a_parked_event_that_is_there_twice_is_doubled() {
        rows.addAll(List.of(row(0, published(), letter(null, "sent")), row(1)));
        store(0, 0, 1);

        assertThat(check()).containsExactly(Kind.DOUBLED);
    }

    @Test
    void a_parked_event_that_says_it_was_sent_and_is_not_there_is_lost() {
        rows.addAll(List.of(row(0), row(1, published(), letter(null, "sent"))));
        store(0);

        assertThat(check()).containsExactly(Kind.LOST);
    }

    @Test
    void what_is_still_parked_or_being_replayed_in_the_end_is_not_done() {
        rows.addAll(List.of(row(0, published(), letter(null, "parked")), replayed(1, "replaying")));
        store(0);

        assertThat(check()).containsExactly(Kind.WRONG_DEAD_LETTER, Kind.WRONG_DEAD_LETTER);
    }

    @Test
    void a_replayed_letter_may_be_behind_later_events() {
        rows.addAll(List.of(row(0), replayed(1, "replayed"), row(2)));
        store(0, 2);
        messages.add(mended(1));

        assertThat(check()).isEmpty();
    }

    @Test
    void a_replayed_letter_that_is_there_twice_is_doubled() {
        rows.addAll(List.of(row(0), replayed(1, "replayed")));
        store(0);
        messages.add(mended(1));
        messages.add(mended(1));

        assertThat(check()).containsExactly(Kind.DOUBLED);
    }

    @Test
    void a_replayed_letter_that_is_not_there_is_lost() {
        rows.addAll(List.of(row(0), replayed(1, "replayed")));
        store(0);

        assertThat(check()).containsExactly(Kind.LOST);
    }

    @Test
    void a_replayed_letter_in_another_tenants_stream_is_in_the_wrong_one() {
        rows.add(row(0));
        store(0);
        messages.add(mended(9));

        assertThat(new Checker("t", "slot", Settle.MARK, Map.of("id-9", "other")::get).check(rows, stream(1)))
                .extracting(Violation::kind)
                .containsExactly(Kind.WRONG_STREAM);
    }

    @Test
    void a_replayed_letter_must_be_as_it_was_mended() {
        rows.add(replayed(0, "replayed"));
        store(0);

        assertThat(check()).containsExactly(Kind.WRONG_HEADERS, Kind.WRONG_HEADERS);

        rows.clear();
        rows.add(new Expected(
                0,
                "id-0",
                "s",
                "digest-0",
                Map.of(),
                "invalid_subject",
                TIME,
                published(),
                letter("invalid_subject", "replayed")));
        messages.clear();
        messages.add(with(message(0, 1), "own", null));

        assertThat(check()).containsExactly(Kind.WRONG_SUBJECT);
    }

    @Test
    void a_replayed_letters_row_must_be_marked() {
        rows.add(corrected(0, failed(), letter("invalid_headers", "replayed")));
        messages.add(mended(0));

        assertThat(check()).containsExactly(Kind.WRONG_STATUS);
    }

    @Test
    void a_corrected_letter_may_have_been_refused_by_a_stream_that_was_limited_before_it_was_replayed_again() {
        rows.add(corrected(0, published(), letter("stream_rejected", "replayed")));
        messages.add(mended(0));

        assertThat(check(new Operated(true, List.of(), List.of()))).isEmpty();
        assertThat(check(Operated.NOT_AT_ALL)).containsExactly(Kind.WRONG_DEAD_LETTER);
    }

    @Test
    void letters_of_one_command_are_in_the_order_of_their_arrival() {
        rows.addAll(List.of(replayed(0, "replayed"), replayed(1, "replayed"), replayed(2, "replayed")));
        messages.add(mended(1));
        messages.add(mended(0));
        messages.add(mended(2));

        assertThat(check(operated(List.of(List.of("id-1", "id-2"), List.of("id-0")))))
                .isEmpty();
        assertThat(check(operated(List.of(List.of("id-0", "id-1", "id-2"))))).containsExactly(Kind.OUT_OF_ORDER);
    }

    @Test
    void a_discarded_letter_must_be_in_no_stream() {
        rows.add(new Expected(
                0,
                "id-0",
                "tenant.t.events.a",
                "digest-0",
                Map.of("own", "1"),
                "invalid_headers",
                TIME,
                failed(),
                letter("invalid_headers", "discarded")));

        assertThat(check()).isEmpty();

        store(0);

        assertThat(check()).containsExactly(Kind.POISON_PUBLISHED);
    }

    @Test
    void a_discarded_letter_that_its_stream_had_refused_for_its_size_must_be_in_no_stream() {
        rows.add(row(0, failed(), letter("stream_rejected", "discarded")));

        assertThat(check(new Operated(true, List.of(), List.of()))).isEmpty();

        store(0);

        assertThat(check(new Operated(true, List.of(), List.of()))).containsExactly(Kind.DISCARDED_PUBLISHED);
    }

    @Test
    void a_row_that_breaks_no_rule_must_not_stay_dead_where_the_stream_was_limited_either() {
        rows.add(row(0, failed(), letter("stream_rejected", "dead")));

        assertThat(check(new Operated(true, List.of(), List.of()))).containsExactly(Kind.UNEXPECTED_DEAD_LETTER);
    }

    @Test
    void a_row_that_breaks_no_rule_must_not_be_refused_by_a_stream_that_was_never_limited() {
        rows.add(row(0, published(), letter("stream_rejected", "replayed")));
        store(0);

        assertThat(check(Operated.NOT_AT_ALL)).containsExactly(Kind.UNEXPECTED_DEAD_LETTER);
        assertThat(check(new Operated(true, List.of(), List.of()))).isEmpty();
    }

    @Test
    void an_archive_and_the_new_stream_are_one() {
        rows.addAll(List.of(row(0), row(1), row(2)));
        Operated operated = archived(0, 1);
        store(2);

        assertThat(check(operated)).isEmpty();
    }

    @Test
    void an_event_of_an_archive_that_is_in_the_new_stream_again_is_doubled() {
        rows.addAll(List.of(row(0), row(1), row(2)));
        Operated operated = archived(0, 1);
        store(1, 2);

        assertThat(check(operated)).containsExactly(Kind.DOUBLED);
    }

    @Test
    void an_event_of_the_new_stream_that_belongs_before_one_of_the_archive_is_out_of_order() {
        rows.addAll(List.of(row(0), row(1), row(2)));
        Operated operated = archived(0, 2);
        store(1);

        assertThat(check(operated)).containsExactly(Kind.OUT_OF_ORDER);
    }

    @Test
    void an_event_that_is_neither_in_the_archive_nor_in_the_new_stream_is_lost() {
        rows.addAll(List.of(row(0), row(1), row(2)));
        Operated operated = archived(0);
        store(2);

        assertThat(check(operated)).containsExactly(Kind.LOST);
    }

    @Test
    void a_stream_that_has_dropped_messages_cannot_be_judged() {
        rows.addAll(List.of(row(0), row(1)));
        store(0, 1);

        assertThat(new Checker("t", "slot", Settle.MARK, id -> null)
                        .check(rows, new StreamContents("TENANT_T", 2, 3, messages)))
                .extracting(Violation::kind)
                .contains(Kind.TRUNCATED);
    }

    @Test
    void a_number_that_is_missing_is_the_harness_own_fault() {
        rows.addAll(List.of(row(0), row(2)));
        store(0, 2);

        assertThat(check()).containsExactly(Kind.HARNESS);
    }

    @Test
    void settle_mode_keep_leaves_rows_as_they_are() {
        assertThat(Settle.KEEP.wrongWhenStored(new Expected.Row("pending", false, true)))
                .isNull();
        assertThat(Settle.KEEP.wrongWhenStored(published())).isNotNull();
        assertThat(Settle.KEEP.wrongWhenStored(null)).isNotNull();
    }

    @Test
    void settle_mode_delete_leaves_no_row() {
        assertThat(Settle.DELETE.wrongWhenStored(null)).isNull();
        assertThat(Settle.DELETE.wrongWhenStored(published())).isNotNull();
    }

    @Test
    void what_compares_shares_no_code_with_the_relay() {
        ArchRuleDefinition.noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.outboxrelay",
                        "dev.outboxrelay.event..",
                        "dev.outboxrelay.decode..",
                        "dev.outboxrelay.route..",
                        "dev.outboxrelay.lane..",
                        "dev.outboxrelay.config..",
                        "dev.outboxrelay.publish..",
                        "dev.outboxrelay.settle..",
                        "dev.outboxrelay.streams..",
                        "dev.outboxrelay.slot..",
                        "dev.outboxrelay.source..",
                        "dev.outboxrelay.postgres..",
                        "dev.outboxrelay.demo..")
                .check(new ClassFileImporter().importPackages("dev.outboxrelay.lab.torture"));
    }

    private List<Kind> checkWithHeader(String name, @Nullable String value) {
        rows.clear();
        messages.clear();
        rows.add(row(0));
        messages.add(with(message(0, 1), name, value));
        return check();
    }

    private List<Kind> check() {
        return new Checker("t", "slot", Settle.MARK, id -> null)
                .check(rows, stream(1)).stream().map(Violation::kind).toList();
    }

    private List<Kind> check(Operated operated) {
        return new Checker("t", "slot", Settle.MARK, id -> null)
                .check(rows, stream(1), operated).stream().map(Violation::kind).toList();
    }

    private static Operated operated(List<List<String>> commands) {
        return new Operated(false, List.of(), commands);
    }

    /** What was in the stream before, which is not in it any more. */
    private Operated archived(long... numbers) {
        store(numbers);
        StreamContents archive = new StreamContents("TENANT_T", 1, messages.size(), List.copyOf(messages));
        messages.clear();
        return new Operated(false, List.of(archive), List.of());
    }

    private static Expected replayed(long number, String state) {
        return corrected(number, published(), letter("invalid_headers", state));
    }

    /** A row with headers that break a rule, which an operator has replayed with others. */
    private static Expected corrected(long number, Expected.Row row, Expected.Dead dead) {
        return new Expected(
                number,
                "id-" + number,
                "tenant.t.events.a",
                "digest-" + number,
                Map.of(),
                "invalid_headers",
                TIME,
                row,
                dead);
    }

    private static Expected.Dead letter(@Nullable String reason, String state) {
        return new Expected.Dead(reason, state, true);
    }

    /** As operators mend what is dead for its headers. */
    private Stored mended(long number) {
        return with(with(message(number, messages.size() + 1L), "own", null), "X-Mended", "yes");
    }

    private StreamContents stream(long first) {
        return new StreamContents("TENANT_T", first, messages.size(), messages);
    }

    private void store(long... numbers) {
        for (long number : numbers) {
            messages.add(message(number, messages.size() + 1));
        }
    }

    private static Expected row(long number) {
        return row(number, published(), null);
    }

    private static Expected row(long number, Expected.Row row, Expected.@Nullable Dead dead) {
        return new Expected(
                number,
                "id-" + number,
                "tenant.t.events.a",
                "digest-" + number,
                Map.of("own", "1"),
                null,
                TIME,
                row,
                dead);
    }

    private static Expected poison(long number) {
        return new Expected(
                number,
                "id-" + number,
                "tenant.t.events.a",
                "digest-" + number,
                Map.of("own", "1"),
                "invalid_headers",
                TIME,
                failed(),
                dead("invalid_headers"));
    }

    private static Expected.Row published() {
        return new Expected.Row("published", true, true);
    }

    private static Expected.Row failed() {
        return new Expected.Row("failed", false, true);
    }

    private static Expected.Dead dead(String reason) {
        return new Expected.Dead(reason, "dead", true);
    }

    private static Stored message(long number, long sequence) {
        return new Stored(sequence, "tenant.t.events.a", "digest-" + number, headers(number, sequence));
    }

    private static Map<String, List<String>> headers(long number, long sequence) {
        return Map.of(
                "Nats-Msg-Id", List.of("id-" + number),
                "Nats-Expected-Stream", List.of("TENANT_T"),
                "Nats-Expected-Last-Sequence", List.of(Long.toString(sequence - 1)),
                "Outbox-Tenant", List.of("t"),
                "Outbox-Committed-At", List.of(TIME),
                "Outbox-Position", List.of(POSITION + "id-" + number),
                "own", List.of("1"));
    }

    private static Stored with(Stored message, String name, @Nullable String value) {
        Map<String, List<String>> headers = new HashMap<>(message.headers());
        if (value == null) {
            headers.remove(name);
        } else {
            headers.put(name, List.of(value));
        }
        return new Stored(message.sequence(), message.subject(), message.digest(), headers);
    }
}

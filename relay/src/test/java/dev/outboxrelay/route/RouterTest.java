package dev.outboxrelay.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.rule.RouteDraft;
import dev.outboxrelay.rule.RouteRules;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every attack that a row can try ends in a dead letter with its reason. */
final class RouterTest {

    private final Router router = new Router(Naming.STRICT);

    private static OutboxEvent event(String tenant, String subject, @Nullable String headers) {
        return new OutboxEvent(
                new EventId("e"),
                new RowRef(TableName.OUTBOX_MESSAGE, "e"),
                tenant,
                subject,
                headers,
                Payload.EMPTY,
                new Origin(Lsn.NONE, Lsn.NONE, 0));
    }

    private Routed route(String tenant, String subject, @Nullable String headers) {
        return router.route(new Decoded.Event(event(tenant, subject, headers)));
    }

    private Envelope delivered(String tenant, String subject, @Nullable String headers) {
        return ((Routed.Deliverable) route(tenant, subject, headers)).envelope();
    }

    private void assertRefused(Reason reason, String subject, @Nullable String headers) {
        Routed routed = route("acme", subject, headers);
        assertThat(routed).isInstanceOf(Routed.Unroutable.class);
        Routed.Unroutable refused = (Routed.Unroutable) routed;
        assertThat(refused.reason()).isEqualTo(reason);
        assertThat(refused.error()).isNotBlank().doesNotContain("secret");
        assertThat(refused.address().tenant().value()).isEqualTo("acme");
    }

    @Test
    void a_relative_subject_goes_under_its_tenants_prefix() {
        Envelope envelope = delivered("acme", "events.order.created", null);

        assertThat(envelope.subject()).isEqualTo("tenant.acme.events.order.created");
        assertThat(envelope.address().stream().value()).isEqualTo("TENANT_ACME");
        assertThat(envelope.headers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tenant.acme.x", "tenant.acme.tenant.other.x"})
    void a_subject_that_starts_with_its_own_prefix_is_taken_as_it_is(String subject) {
        assertThat(delivered("acme", subject, null).subject()).isEqualTo(subject);
    }

    @ParameterizedTest
    @CsvSource({
        "$JS.API.STREAM.DELETE.TENANT_OTHER, tenant.acme.$JS.API.STREAM.DELETE.TENANT_OTHER",
        "_INBOX.x, tenant.acme._INBOX.x",
        "$SYS.REQ, tenant.acme.$SYS.REQ",
        "TENANT.other.x, tenant.acme.TENANT.other.x",
        "tenants.other, tenant.acme.tenants.other",
        "tenant, tenant.acme.tenant",
        "größe.ä, tenant.acme.größe.ä"
    })
    void whatever_it_names_it_stays_under_its_tenants_prefix(String subject, String full) {
        assertThat(delivered("acme", subject, null).subject()).isEqualTo(full);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tenant.other.x",
                "tenant.acmee.x",
                "tenant.ACME.x",
                "tenant.Acme.x",
                "tenant.acme",
                "tenant.=61cme.x",
                "tenant.acme-x.y"
            })
    void a_subject_under_another_tenants_prefix_is_refused(String subject) {
        assertRefused(Reason.CROSS_TENANT_SUBJECT, subject, null);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "a..b",
                ".a",
                "a.",
                "a.*",
                "a.>",
                ">",
                "a*b",
                "a b",
                "a\tb",
                "a\r\nPUB other 0",
                "a\u0000b",
                "a\u00a0b",
                "a\u2028b",
                "a\u0085b",
                "\ud800",
                "a\udc00b",
                "tenant..x",
                "tenant.acme.",
                "tenant.acme..x",
                "tenant.*.x"
            })
    void a_subject_that_is_none_is_refused(String subject) {
        assertRefused(Reason.INVALID_SUBJECT, subject, null);
    }

    @Test
    void a_subject_has_at_most_2048_bytes_with_its_prefix() {
        int room = 2_048 - "tenant.acme.".length();

        assertThat(delivered("acme", "x".repeat(room), null).subject()).hasSize(2_048);
        assertRefused(Reason.INVALID_SUBJECT, "x".repeat(room + 1), null);
        assertRefused(Reason.INVALID_SUBJECT, "é".repeat(room / 2 + 1), null);
    }

    @Test
    void headers_pass_through_in_their_order() {
        assertThat(delivered("acme", "s", "{\"traceparent\": \"00-1\", \"ce-id\": \"7\", \"X!#\": \"\"}")
                        .headers())
                .containsExactly(new Header("traceparent", "00-1"), new Header("ce-id", "7"), new Header("X!#", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{}", " { } "})
    void no_headers_are_no_headers(String json) {
        assertThat(delivered("acme", "s", json).headers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"Nats-Rollup\": \"all\"}",
                "{\"nats-rollup\": \"all\"}",
                "{\"NATS-ROLLUP\": \"sub\"}",
                "{\"Nats-Expected-Last-Sequence\": \"0\"}",
                "{\"Nats-Expected-Stream\": \"TENANT_OTHER\"}",
                "{\"Nats-Msg-Id\": \"x\"}",
                "{\"Nats-TTL\": \"1s\"}",
                "{\"Nats-\": \"1\"}",
                "{\"Outbox-Position\": \"1\"}",
                "{\"outbox-tenant\": \"other\"}",
                "{\"ok\": \"1\", \"nAtS-x\": \"secret\"}"
            })
    void a_reserved_header_is_refused_in_any_case(String json) {
        assertRefused(Reason.INVALID_HEADERS, "s", json);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "[{\"a\": \"b\"}]",
                "\"secret\"",
                "1",
                "true",
                "{\"a\": {\"b\": \"secret\"}}",
                "{\"a\": [\"secret\"]}",
                "{\"a\": 1}",
                "{\"a\": null}",
                "{\"a\": true}",
                "{\"\": \"a\"}",
                "{\"a b\": \"c\"}",
                "{\"a:b\": \"c\"}",
                "{\"a\\r\\nNats-Rollup\": \"all\"}",
                "{\"a\": \"b\\r\\nNats-Rollup: all\"}",
                "{\"a\": \"b\\n\"}",
                "{\"a\": \"\\u0000\"}",
                "{\"a\": \"\\u007f\"}",
                "{\"a\": \"b\\tc\"}",
                "{\"a\": \"é\"}",
                "{\"é\": \"a\"}",
                "{\"\\u0130nats\": \"a\"}",
                "{\"a\": \"1\", \"A\": \"2\"}",
                "{\"a\": \"1\"} {\"b\": \"2\"}",
                "{\"a\": \"1\"",
                "",
                "{",
                "secret"
            })
    void headers_that_are_no_flat_object_of_plain_strings_are_refused(String json) {
        assertRefused(Reason.INVALID_HEADERS, "s", json);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b", "*", ">", "a b", "a\r\nb", "é"})
    void a_tenant_that_cannot_be_named_has_no_home(String tenant) {
        Routed routed = route(tenant, "s", null);

        assertThat(routed).isInstanceOf(Routed.Homeless.class);
        assertThat(((Routed.Homeless) routed).reason()).isEqualTo(Reason.INVALID_TENANT);
    }

    @Test
    void a_malformed_row_keeps_its_place_where_its_tenant_can_be_named() {
        Routed named = router.route(new Decoded.Malformed(event("acme", "", null), "no subject"));
        Routed nameless = router.route(new Decoded.Malformed(event("", "", null), "nothing at all"));

        assertThat(((Routed.Unroutable) named).reason()).isEqualTo(Reason.MALFORMED_ROW);
        assertThat(((Routed.Homeless) nameless).reason()).isEqualTo(Reason.MALFORMED_ROW);
    }

    @Test
    void an_envelope_cannot_be_made_outside_its_tenants_prefix() {
        Address address = Address.of("acme", Naming.STRICT).orElseThrow();

        assertThatThrownBy(() -> new Envelope(event("acme", "s", null), address, "tenant.other.s", List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource(Naming.class)
    void no_row_gets_out_of_its_tenants_prefix_or_throws(Naming naming) {
        SplittableRandom random = new SplittableRandom(17);
        Router fuzzed = new Router(naming);
        String[] pieces = {
            "tenant.", "acme", "other", ".", "*", ">", " ", "\r\n", "=41", "A", "é", "\ud83d", "{\"", "\": \"", "\"}",
            "nats-", "x"
        };
        for (int i = 0; i < 100_000; i++) {
            String tenant = random(random, pieces, 3);
            Routed routed = fuzzed.route(new Decoded.Event(
                    event(tenant, random(random, pieces, 6), random.nextBoolean() ? null : random(random, pieces, 6))));
            if (routed instanceof Routed.Deliverable deliverable) {
                String prefix = "tenant." + deliverable.envelope().address().token() + ".";
                assertThat(deliverable.envelope().subject()).startsWith(prefix);
                assertThat(deliverable.envelope().address().tenant().value()).isEqualTo(tenant);
                assertThat(deliverable.envelope().headers())
                        .noneMatch(header ->
                                header.name().toLowerCase(java.util.Locale.ROOT).startsWith("nats-"));
            }
        }
    }

    private static String random(SplittableRandom random, String[] pieces, int most) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(most + 1); n > 0; n--) {
            text.append(pieces[random.nextInt(pieces.length)]);
        }
        return text.toString();
    }

    @Test
    void the_first_rule_that_matches_decides_and_the_rows_own_header_wins() {
        RouteRules rules = rules(
                new RouteDraft("drop pings", "acme", "ping", "drop", null, null),
                new RouteDraft(
                        "move", "*", "audit.>", "rewrite", "archive.{rest}", "{\"X-A\":\"rule\",\"X-B\":\"rule\"}"),
                new RouteDraft("bury", "*", "audit.login", "dead_letter", null, null),
                new RouteDraft("bury others", "other", ">", "dead_letter", null, null));
        Router ruled = new Router(Naming.STRICT, () -> rules);

        assertThat(ruled.route(new Decoded.Event(event("acme", "ping", null))))
                .isInstanceOfSatisfying(
                        Routed.Dropped.class,
                        dropped -> assertThat(dropped.rule()).isEqualTo("drop pings"));
        assertThat(ruled.route(new Decoded.Event(event("acme", "audit.login", "{\"x-a\":\"own\"}"))))
                .isInstanceOfSatisfying(Routed.Deliverable.class, moved -> {
                    assertThat(moved.envelope().subject()).isEqualTo("tenant.acme.archive.login");
                    assertThat(moved.envelope().headers())
                            .containsExactly(new Header("x-a", "own"), new Header("X-B", "rule"));
                });
        assertThat(ruled.route(new Decoded.Event(event("acme", "tenant.acme.audit.login", null))))
                .isInstanceOfSatisfying(
                        Routed.Deliverable.class,
                        moved -> assertThat(moved.envelope().subject()).isEqualTo("tenant.acme.archive.login"));
        assertThat(ruled.route(new Decoded.Event(event("other", "ping", null))))
                .isInstanceOfSatisfying(Routed.RuledOut.class, out -> {
                    assertThat(out.reason()).isEqualTo(Reason.ROUTED_TO_DEAD_LETTER);
                    assertThat(out.error()).contains("bury others");
                });
        assertThat(ruled.route(new Decoded.Event(event("acme", "else", null)))).isInstanceOf(Routed.Deliverable.class);
    }

    @Test
    void new_rules_count_for_the_next_row() {
        AtomicReference<RouteRules> current = new AtomicReference<>(RouteRules.NONE);
        Router ruled = new Router(Naming.STRICT, current::get);
        Decoded row = new Decoded.Event(event("acme", "a", null));

        assertThat(ruled.route(row)).isInstanceOf(Routed.Deliverable.class);
        current.set(rules(new RouteDraft("drop", "*", ">", "drop", null, null)));
        assertThat(ruled.route(row)).isInstanceOf(Routed.Dropped.class);
        current.set(RouteRules.NONE);
        assertThat(ruled.route(row)).isInstanceOf(Routed.Deliverable.class);
    }

    @Test
    void a_subject_that_a_rule_makes_is_judged_like_any_other() {
        RouteRules rules = rules(
                new RouteDraft("second first", "*", "*.tenant.>", "rewrite", "{2}.{rest}", null),
                new RouteDraft("longer", "*", "long.*", "rewrite", "{2}.{2}", null));
        Router ruled = new Router(Naming.STRICT, () -> rules);

        assertThat(ruled.route(new Decoded.Event(event("acme", "x.tenant.other.y", null))))
                .isInstanceOfSatisfying(Routed.RuledOut.class, out -> {
                    assertThat(out.reason()).isEqualTo(Reason.CROSS_TENANT_SUBJECT);
                    assertThat(out.error()).contains("second first");
                });
        assertThat(ruled.route(new Decoded.Event(event("acme", "long." + "x".repeat(1_500), null))))
                .isInstanceOfSatisfying(
                        Routed.RuledOut.class, out -> assertThat(out.reason()).isEqualTo(Reason.INVALID_SUBJECT));
    }

    private static RouteRules rules(RouteDraft... drafts) {
        return RouteRules.of(Arrays.stream(drafts)
                .map(draft -> ((RouteDraft.Checked.Good) draft.check()).rule())
                .toList());
    }
}

package dev.outboxrelay.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.rule.RouteDraft;
import dev.outboxrelay.rule.RouteRule;
import dev.outboxrelay.rule.RouteRules;
import dev.outboxrelay.testing.Fuzz;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever rules say and events hold, each event stays below its own tenant's prefix, with headers that are legal. */
final class RouteRulesFuzzTest {

    private static final int BOOKS = 2_000;
    private static final int EVENTS = 50;

    private static final List<String> PATTERNS =
            List.of(">", "*", "*.*", "*.*.>", "events.>", "events.*", "tenant", "tenant.>", "tenant.*", "a.>", "order");
    private static final List<String> PIECES = List.of(
            "{1}",
            "{2}",
            "{3}",
            "{rest}",
            "{0}",
            "{16}",
            "{17}",
            "tenant",
            "tenant.",
            "tenant.other.",
            ".",
            "..",
            "*",
            ">",
            "a",
            "events",
            "-",
            "{",
            "}",
            "{header.x}",
            "größe",
            " ",
            "TENANT.x");
    private static final List<String> TENANTS = List.of("acme", "other", "Acme", "tenant", "a", "acme.eu", "größe");

    @ParameterizedTest
    @EnumSource(Naming.class)
    void no_rule_leads_out_of_its_tenants_prefix(Naming naming) {
        long seed = Long.getLong("seed", 20_261_128);
        Fuzz fuzz = new Fuzz(seed);
        int rewritten = 0;
        int dropped = 0;
        int ruledOut = 0;
        for (int book = 0; book < BOOKS; book++) {
            RouteRules rules = rules(fuzz);
            Router router = new Router(naming, () -> rules);
            Router plain = new Router(naming);
            for (int i = 0; i < EVENTS; i++) {
                Decoded event = new Decoded.Event(event(fuzz));
                String what = "seed " + seed + ", book " + book + ", event " + i;
                Routed routed = router.route(event);
                Routed without = plain.route(event);
                if (without instanceof Routed.Deliverable before) {
                    if (routed instanceof Routed.Deliverable after) {
                        assertStaysAtHome(what, before.envelope(), after.envelope());
                        rewritten += after.envelope().rule() == null ? 0 : 1;
                    } else if (routed instanceof Routed.Dropped) {
                        dropped++;
                    } else {
                        assertThat(routed).as(what).isInstanceOf(Routed.RuledOut.class);
                        ruledOut++;
                    }
                } else {
                    assertThat(routed)
                            .as("%s: rules are only for events that keep the naming contract", what)
                            .isEqualTo(without);
                }
            }
        }
        assertThat(List.of(rewritten, dropped, ruledOut)).allMatch(count -> count > 500);
    }

    private static void assertStaysAtHome(String what, Envelope before, Envelope after) {
        String prefix = before.address().prefix();
        assertThat(after.address()).as(what).isEqualTo(before.address());
        assertThat(after.subject()).as(what).startsWith(prefix);
        String below = after.subject().substring(prefix.length());
        assertThat(below.split("\\.", -1)).as(what).doesNotContain("", "*", ">");
        assertThat(below).as(what).doesNotContain(" ", "*", ">", "\n");
        Set<String> names = new HashSet<>();
        for (Header header : after.headers()) {
            String lower = header.name().toLowerCase(Locale.ROOT);
            assertThat(lower).as(what).doesNotStartWith("nats-").doesNotStartWith("outbox-");
            assertThat(names.add(lower)).as("%s: %s once", what, lower).isTrue();
        }
        assertThat(after.headers()).as("%s: the row's own headers stay", what).containsAll(before.headers());
    }

    private static RouteRules rules(Fuzz fuzz) {
        List<RouteRule> rules = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            if (draft(fuzz).check() instanceof RouteDraft.Checked.Good good) {
                rules.add(good.rule());
            }
        }
        return RouteRules.of(rules);
    }

    private static RouteDraft draft(Fuzz fuzz) {
        String action = fuzz.oneOf(List.of("rewrite", "rewrite", "rewrite", "drop", "dead_letter", "copy"));
        boolean rewrites = action.equals("rewrite");
        return new RouteDraft(
                fuzz.name(),
                fuzz.below(3) == 0 ? fuzz.oneOf(TENANTS) : "*",
                fuzz.below(8) == 0 ? fuzz.text() : fuzz.oneOf(PATTERNS),
                action,
                rewrites && fuzz.below(4) > 0 ? template(fuzz) : null,
                rewrites ? headers(fuzz) : null);
    }

    private static String template(Fuzz fuzz) {
        StringBuilder template = new StringBuilder();
        for (int i = fuzz.below(4); i >= 0; i--) {
            template.append(fuzz.oneOf(PIECES)).append(i > 0 && fuzz.below(2) == 0 ? "." : "");
        }
        return fuzz.below(10) == 0 ? fuzz.text() : template.toString();
    }

    private static @Nullable String headers(Fuzz fuzz) {
        return switch (fuzz.below(4)) {
            case 0 -> "{\"traceparent\":\"rule\",\"X-Rule\":\"1\"}";
            case 1 -> fuzz.json();
            default -> null;
        };
    }

    private static OutboxEvent event(Fuzz fuzz) {
        String tenant = fuzz.oneOf(TENANTS);
        String subject = fuzz.below(2) == 0
                ? fuzz.oneOf(List.of(
                        "events.a",
                        "order",
                        "a.b.c",
                        "tenant",
                        "tenant." + tenant + ".tenant.x",
                        "x.tenant.y",
                        "events.tenant.other.z"))
                : fuzz.subject(tenant);
        String headers = switch (fuzz.below(3)) {
            case 0 -> "{\"Traceparent\":\"own\"}";
            case 1 -> fuzz.json();
            default -> null;
        };
        return new OutboxEvent(
                new EventId("e"),
                new RowRef(TableName.OUTBOX_MESSAGE, "e"),
                tenant,
                subject,
                headers,
                Payload.EMPTY,
                new Origin(Lsn.NONE, Lsn.NONE, 0));
    }
}

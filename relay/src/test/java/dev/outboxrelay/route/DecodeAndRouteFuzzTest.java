package dev.outboxrelay.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.Preset;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.SubjectTemplate;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.decode.Decoder;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.testing.Fuzz;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever a hundred thousand rows hold, each ends under its own tenant's prefix or as a dead letter, and none throws.
 */
final class DecodeAndRouteFuzzTest {

    private static final int ROWS = 100_000;
    private static final TableName ORDERS = new TableName("public", "orders");
    private static final List<TableMapping> MAPPINGS = List.of(
            TableMapping.nativeLayout(TableName.OUTBOX_MESSAGE, SettleMode.MARK),
            new TableMapping(
                    ORDERS,
                    Preset.DEBEZIUM,
                    "customer",
                    SubjectTemplate.parse("{aggregatetype}.{type}").orElseThrow(),
                    SettleMode.KEEP));

    @ParameterizedTest
    @EnumSource(Naming.class)
    void every_row_ends_in_its_own_tenants_prefix_or_as_a_dead_letter(Naming naming) {
        long seed = Long.getLong("seed", 20_261_125);
        Fuzz fuzz = new Fuzz(seed);
        Decoder decoder = new Decoder(MAPPINGS);
        Router router = new Router(naming);
        Map<Reason, Integer> dead = new EnumMap<>(Reason.class);
        int delivered = 0;
        for (int i = 0; i < ROWS; i++) {
            Map<String, @Nullable Object> row = row(fuzz);
            TableName table = fuzz.below(3) == 0 ? ORDERS : TableName.OUTBOX_MESSAGE;
            String what = "seed " + seed + ", row " + i;
            Decoded decoded = decoder.decode(new Change.Inserted(table, new Origin(new Lsn(i), Lsn.NONE, i), row::get));
            Routed routed = router.route(decoded);
            if (routed instanceof Routed.Deliverable deliverable) {
                delivered++;
                assertStaysAtHome(
                        what, deliverable.envelope(), row.get(table.equals(ORDERS) ? "customer" : "tenant_id"));
            } else if (routed instanceof Routed.Unroutable unroutable) {
                dead.merge(unroutable.reason(), 1, Integer::sum);
                assertIsSaid(what, unroutable.event(), unroutable.error());
            } else if (routed instanceof Routed.Homeless homeless) {
                dead.merge(homeless.reason(), 1, Integer::sum);
                assertIsSaid(what, homeless.event(), homeless.error());
            }
        }
        System.out.printf("%s naming, seed %d: %d rows delivered, dead: %s%n", naming, seed, delivered, dead);
        assertThat(delivered).as("the fuzz is not all nonsense").isGreaterThan(ROWS / 100);
        assertThat(dead.keySet())
                .contains(
                        Reason.INVALID_TENANT,
                        Reason.INVALID_SUBJECT,
                        Reason.CROSS_TENANT_SUBJECT,
                        Reason.INVALID_HEADERS,
                        Reason.MALFORMED_ROW);
    }

    private static Map<String, @Nullable Object> row(Fuzz fuzz) {
        Map<String, @Nullable Object> row = new HashMap<>();
        String tenant = fuzz.name();
        row.put("id", any(fuzz, fuzz.name()));
        row.put("tenant_id", any(fuzz, tenant));
        row.put("customer", any(fuzz, tenant));
        row.put("subject", any(fuzz, fuzz.subject(tenant)));
        row.put("aggregatetype", any(fuzz, fuzz.name()));
        row.put("type", any(fuzz, fuzz.name()));
        row.put(
                "payload",
                fuzz.below(30) == 0 ? List.of() : fuzz.below(2) == 0 ? fuzz.text() : new byte[fuzz.below(9)]);
        row.put("headers", fuzz.below(4) == 0 ? null : any(fuzz, fuzz.anyText()));
        return row;
    }

    private static @Nullable Object any(Fuzz fuzz, String text) {
        return switch (fuzz.below(60)) {
            case 0 -> null;
            case 1 -> fuzz.below(1_000);
            case 2 -> true;
            case 3 -> List.of(text);
            default -> text;
        };
    }

    private static void assertStaysAtHome(String what, Envelope envelope, @Nullable Object tenant) {
        String prefix = "tenant." + envelope.address().token() + ".";
        String subject = envelope.subject();
        assertThat(envelope.address().tenant().value()).as(what).isEqualTo(String.valueOf(tenant));
        assertThat(envelope.address().stream().value())
                .as(what)
                .isEqualTo("TENANT_" + envelope.address().token().toUpperCase(Locale.ROOT))
                .matches("[A-Z0-9_=-]+");
        assertThat(subject).as(what).startsWith(prefix);
        for (String token : subject.split("\\.", -1)) {
            assertThat(token).as(what).isNotEmpty().doesNotContain("*", ">");
        }
        assertThat(subject.codePoints()
                        .anyMatch(c -> c <= ' ' || Character.isISOControl(c) || Character.isSpaceChar(c)))
                .as(what)
                .isFalse();
        assertThat(subject.getBytes(StandardCharsets.UTF_8).length).as(what).isLessThanOrEqualTo(2_048);
        for (Header header : envelope.headers()) {
            assertThat(header.name()).as(what).matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
            assertThat(header.name().toLowerCase(Locale.ROOT))
                    .as(what)
                    .doesNotStartWith("nats-")
                    .doesNotStartWith("outbox-");
            assertThat(header.value()).as(what).matches("[ -~]*");
        }
        assertThat(EventId.isValid(envelope.event().id().value())).as(what).isTrue();
    }

    private static void assertIsSaid(String what, OutboxEvent event, String error) {
        assertThat(EventId.isValid(event.id().value())).as(what).isTrue();
        assertThat(error).as(what).isNotBlank().hasSizeLessThan(20_500);
        assertThat(error.codePoints().anyMatch(c -> c < ' ')).as(what).isFalse();
    }
}

package dev.outboxrelay.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.ConsumerSettings;
import dev.outboxrelay.config.ConsumerWish;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.TenantPattern;
import dev.outboxrelay.route.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConsumerBookTest {

    private static final ConsumerSettings.Defaults DEFAULTS =
            new ConsumerSettings.Defaults(Duration.ofSeconds(30), 500, -1, List.of());

    @Test
    void what_is_left_out_comes_from_the_defaults() {
        ConsumerBook book = book().with(row("acme", "billing", null));

        assertThat(book.of(address("acme")))
                .containsExactly(new ConsumerSpec(
                        "billing",
                        null,
                        Duration.ofSeconds(30),
                        500,
                        -1,
                        List.of(),
                        "outbox.consumer (acme, billing)"));
        assertThat(book.of(address("other"))).isEmpty();
    }

    @Test
    void of_one_name_the_tenants_own_row_wins_then_the_row_for_all_then_the_first_entry_that_fits() {
        ConsumerBook book = book(entry("ac*", "billing", 1), entry("*", "billing", 2), entry("*", "audit", 3));

        assertThat(bounds(book, "acme")).isEqualTo(Map.of("billing", 1, "audit", 3));
        assertThat(bounds(book, "other")).isEqualTo(Map.of("billing", 2, "audit", 3));
        book = book.with(row("*", "billing", 4));
        assertThat(bounds(book, "acme")).isEqualTo(Map.of("billing", 4, "audit", 3));
        book = book.with(row("acme", "billing", 5));
        assertThat(bounds(book, "acme")).isEqualTo(Map.of("billing", 5, "audit", 3));
        assertThat(bounds(book, "other")).isEqualTo(Map.of("billing", 4, "audit", 3));
        book = book.without("*", "billing").without("acme", "billing");
        assertThat(bounds(book, "acme")).isEqualTo(Map.of("billing", 1, "audit", 3));
    }

    @Test
    void a_filter_counts_below_the_tenants_prefix_and_may_have_it() {
        ConsumerBook book = book().with(filtered("*", "all", "events.order.>"))
                .with(filtered("acme", "own", "tenant.acme.events.>"));

        assertThat(book.of(address("acme")))
                .extracting(ConsumerSpec::filter)
                .containsExactly("tenant.acme.events.order.>", "tenant.acme.events.>");
        assertThat(book.problems()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "acme, tenant.other.>, its own tenant's prefix",
        "acme, tenant.acmes.events, its own tenant's prefix",
        "*, tenant.acme.>, below each tenant's prefix",
        "acme, events..x, empty token",
        "acme, events.>.x, before its last token",
        "acme, events.or*, no token of its own",
        "acme, 'events. x', blank",
        "'bad id', events.>, no stream can bear this tenant id"
    })
    void a_filter_never_leads_out_of_its_tenant(String tenant, String filter, String why) {
        ConsumerBook book = book().with(row(tenant, "billing", 7)).with(filtered(tenant, "billing", filter));

        assertThat(book.problems().get("outbox.consumer (" + tenant + ", billing)"))
                .contains(why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.b", "a*", "a b", "", "a>", "ä", "a/b"})
    void a_name_that_the_server_would_refuse_is_refused_here(String name) {
        assertThat(book().with(row("acme", name, null)).problems()).hasSize(1);
    }

    @Test
    void a_row_that_cannot_be_used_leaves_the_last_good_one_and_is_told_until_it_is_mended() {
        ConsumerBook book = book().with(row("acme", "billing", 7));

        book = book.with(row("acme", "billing", 0));

        assertThat(bounds(book, "acme")).isEqualTo(Map.of("billing", 7));
        assertThat(book.problems())
                .isEqualTo(Map.of("outbox.consumer (acme, billing)", "a bound that is neither -1 nor positive"));
        book = book.withRows(List.of(row("acme", "billing", 0), row("*", "audit", 1)));
        assertThat(bounds(book, "acme")).isEqualTo(Map.of("billing", 7, "audit", 1));
        assertThat(book.problems()).hasSize(1);
        book = book.with(row("acme", "billing", 8));
        assertThat(bounds(book, "acme")).isEqualTo(Map.of("billing", 8, "audit", 1));
        assertThat(book.problems()).isEmpty();
        assertThat(bounds(book.with(row("acme", "billing", 0)).without("acme", "billing"), "acme"))
                .isEqualTo(Map.of("audit", 1));
    }

    @Test
    void more_pauses_than_deliveries_are_refused_with_the_default_deliveries_too() {
        ConsumerSettings.Defaults once =
                new ConsumerSettings.Defaults(Duration.ofSeconds(30), 500, 1, List.of(Duration.ofSeconds(1)));
        ConsumerBook book = ConsumerBook.of(new ConsumerSettings(once, List.of()), Naming.STRICT)
                .with(new ConsumerRow(
                        "acme",
                        new ConsumerWish(
                                "billing",
                                null,
                                null,
                                null,
                                null,
                                List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)))));

        assertThat(book.problems().values()).containsExactly("2 backoff pauses, but only 1 deliveries");
        assertThat(book.of(address("acme"))).isEmpty();
    }

    /** Whatever happens to the rows, one after the other or all at once, the same is wanted in the end. */
    @Test
    void changes_one_by_one_and_the_table_as_a_whole_come_to_the_same() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            ConsumerBook one = book(entry("a*", "n1", 1), entry("*", "n2", 2));
            Map<List<String>, ConsumerRow> table = new HashMap<>();
            for (int step = 0; step < 40; step++) {
                String tenant = List.of("*", "a", "ab", "b").get(random.nextInt(4));
                String name = "n" + random.nextInt(4);
                if (random.nextInt(3) == 0) {
                    table.remove(List.of(tenant, name));
                    one = one.without(tenant, name);
                } else {
                    ConsumerRow row = row(tenant, name, 1 + random.nextInt(100));
                    table.put(List.of(tenant, name), row);
                    one = one.with(row);
                }
            }
            ConsumerBook whole =
                    book(entry("a*", "n1", 1), entry("*", "n2", 2)).withRows(new ArrayList<>(table.values()));
            for (String tenant : List.of("a", "ab", "b", "c")) {
                assertThat(one.of(address(tenant)))
                        .as("seed %d, tenant %s", seed, tenant)
                        .isEqualTo(whole.of(address(tenant)));
            }
        }
    }

    private static Map<String, Integer> bounds(ConsumerBook book, String tenant) {
        Map<String, Integer> bounds = new HashMap<>();
        book.of(address(tenant)).forEach(spec -> bounds.put(spec.name(), spec.maxAckPending()));
        return bounds;
    }

    static ConsumerBook book(ConsumerSettings.Entry... entries) {
        return ConsumerBook.of(new ConsumerSettings(DEFAULTS, List.of(entries)), Naming.STRICT);
    }

    private static ConsumerSettings.Entry entry(String tenants, String name, int bound) {
        return new ConsumerSettings.Entry(
                TenantPattern.of(tenants), new ConsumerWish(name, null, null, bound, null, null));
    }

    static ConsumerRow row(String tenant, String name, @Nullable Integer bound) {
        return new ConsumerRow(tenant, new ConsumerWish(name, null, null, bound, null, null));
    }

    private static ConsumerRow filtered(String tenant, String name, String filter) {
        return new ConsumerRow(tenant, new ConsumerWish(name, filter, null, null, null, null));
    }

    static Address address(String tenant) {
        return Address.of(tenant, Naming.STRICT).orElseThrow();
    }
}

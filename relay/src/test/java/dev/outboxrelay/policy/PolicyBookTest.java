package dev.outboxrelay.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Compression;
import dev.outboxrelay.config.Discard;
import dev.outboxrelay.config.Poison;
import dev.outboxrelay.config.Provision;
import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettingsReader;
import dev.outboxrelay.config.Storage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which policy counts, and what becomes of one that cannot be used. */
final class PolicyBookTest {

    private final PolicyBook book = new PolicyBook(settings(Map.of()));

    static Settings settings(Map<String, String> more) {
        return ((Reading.Complete) read(more)).settings();
    }

    private static Reading read(Map<String, String> more) {
        Map<String, String> texts = new TreeMap<>(more);
        texts.put("outbox.postgres.url", "jdbc:postgresql://db/shop");
        texts.put("outbox.nats.url", "nats://n");
        Map<String, RawValue> raw = new TreeMap<>();
        texts.forEach((key, text) -> raw.put(key, new RawValue(text, "test")));
        return SettingsReader.read(raw);
    }

    private static PolicyRow row(String tenant, @Nullable String json) {
        return new PolicyRow(PolicyRow.TENANT, tenant, json);
    }

    @Test
    void where_everybody_is_paused_no_row_and_no_group_says_otherwise() {
        PolicyBook paused = new PolicyBook(settings(Map.of(
                "outbox.lanes.paused",
                "true",
                "outbox.policies[0].tenants",
                "gold-*",
                "outbox.policies[0].paused",
                "false")));
        assertThat(paused.change(row("acme", "{\"tenant_id\": \"acme\", \"paused\": false}")))
                .isEmpty();

        assertThat(List.of("acme", "gold-1", "anybody"))
                .allSatisfy(tenant -> assertThat(paused.of(tenant).paused()).isTrue());
    }

    @Test
    void without_a_row_the_defaults_hold() {
        TenantPolicy policy = book.of("anybody");

        assertThat(policy.paused()).isFalse();
        assertThat(policy.provision()).isEqualTo(Provision.MANAGE);
        assertThat(policy.stream())
                .isEqualTo(new StreamPolicy(
                        Duration.ofDays(7),
                        1_000_000,
                        -1,
                        3,
                        Discard.OLD,
                        Storage.FILE,
                        Compression.NONE,
                        Duration.ofMinutes(2)));
        assertThat(policy.maxInFlight()).isEqualTo(500);
        assertThat(policy.poison()).isEqualTo(Poison.SKIP);
    }

    @Test
    void a_row_counts_more_than_a_group_and_a_group_more_than_the_defaults() {
        PolicyBook grouped = new PolicyBook(settings(Map.of(
                "outbox.policies[0].tenants", "gold-*",
                "outbox.policies[0].max-age", "30d",
                "outbox.policies[0].window", "50",
                "outbox.policies[1].tenants", "*",
                "outbox.policies[1].max-age", "1d",
                "outbox.policies[1].poison", "hold")));
        assertThat(grouped.change(row("gold-1", "{\"tenant_id\": \"gold-1\", \"max_age\": \"P3D\", \"paused\": null}")))
                .isEmpty();

        assertThat(grouped.of("gold-1").stream().maxAge()).isEqualTo(Duration.ofDays(3));
        assertThat(grouped.of("gold-1").maxInFlight()).isEqualTo(50);
        assertThat(grouped.of("gold-1").poison())
                .as("the first group that fits counts")
                .isEqualTo(Poison.SKIP);
        assertThat(grouped.of("gold-2").stream().maxAge()).isEqualTo(Duration.ofDays(30));
        assertThat(grouped.of("silver").stream().maxAge()).isEqualTo(Duration.ofDays(1));
        assertThat(grouped.poisonWithoutRow("silver")).isEqualTo(Poison.HOLD);

        assertThat(grouped.change(row("gold-1", null))).isEmpty();
        assertThat(grouped.of("gold-1").stream().maxAge()).isEqualTo(Duration.ofDays(30));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"max_age\": \"PT0.01S\"}",
                "{\"max_age\": \"infinity\"}",
                "{\"max_age\": \"-P1D\"}",
                "{\"duplicate_window\": \"P8D\"}",
                "{\"max_age\": \"PT1M\", \"duplicate_window\": \"PT2M\"}",
                "{\"max_messages\": 0}",
                "{\"replicas\": 9}",
                "{\"discard\": \"sometimes\"}",
                "{\"paused\": \"yes\"}",
                "{\"max_in_flight\": 100001}",
                "[]",
                "{",
            })
    void a_row_that_cannot_be_used_is_told_and_the_last_good_one_stays(String json) {
        assertThat(book.change(row("acme", "{\"max_messages\": 7}"))).isEmpty();

        assertThat(book.change(row("acme", json))).isPresent();
        assertThat(book.of("acme").stream().maxMessages()).isEqualTo(7);

        assertThat(book.load(List.of(row("acme", json), row("other", "{\"max_messages\": 8}"))))
                .containsOnlyKeys("acme");
        assertThat(book.of("acme").stream().maxMessages()).isEqualTo(7);
        assertThat(book.of("other").stream().maxMessages()).isEqualTo(8);
    }

    @Test
    void where_one_of_a_pair_is_said_the_other_one_follows() {
        assertThat(book.change(row("a", "{\"max_age\": \"PT1M\", \"retry_backoff\": \"PT10S\"}")))
                .isEmpty();
        assertThat(book.change(row("b", "{\"retry_backoff_max\": \"PT0.01S\"}")))
                .isEmpty();

        assertThat(book.of("a").stream().duplicateWindow()).isEqualTo(Duration.ofMinutes(1));
        assertThat(book.of("a").retry().max()).isEqualTo(Duration.ofSeconds(10));
        assertThat(book.of("b").retry().initial()).isEqualTo(Duration.ofMillis(10));
    }

    @ParameterizedTest
    @CsvSource({
        "P7D, 604800000",
        "P1Y2M3DT4H5M6.789S, 36561906789",
        "PT0S, 0",
        "PT0.1S, 100",
        "P1DT-1H, 82800000",
    })
    void intervals_are_as_postgres_compares_them(String text, long millis) {
        assertThat(IntervalText.parse(text)).contains(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(strings = {"infinity", "", "P", "7 days", "P1W", "PT", "P-"})
    void other_texts_are_no_intervals(String text) {
        if (!text.equals("PT")) {
            assertThat(IntervalText.parse(text)).isEmpty();
        }
    }

    @Test
    void whatever_rows_come_the_policy_is_one_that_nats_takes() {
        SplittableRandom random = new SplittableRandom(6);
        for (int i = 0; i < 20_000; i++) {
            String json = "{\"max_age\": \"PT" + random.nextInt(400) + "S\", \"duplicate_window\": "
                    + (random.nextBoolean() ? "null" : "\"PT" + random.nextInt(400) + "S\"")
                    + ", \"retry_backoff\": \"PT0." + (1 + random.nextInt(9)) + "S\", \"retry_backoff_max\": \"PT"
                    + random.nextInt(3) + "S\", \"max_messages\": " + (random.nextInt(5) - 2) + "}";
            boolean good = book.change(row("t", json)).isEmpty();
            TenantPolicy policy = book.of("t");
            assertThat(policy.retry().initial())
                    .isLessThanOrEqualTo(policy.retry().max());
            if (!policy.stream().maxAge().isZero()) {
                assertThat(policy.stream().duplicateWindow())
                        .as("%s %s", json, good)
                        .isLessThanOrEqualTo(policy.stream().maxAge());
            }
        }
    }

    @Test
    void a_group_that_cannot_hold_is_an_error_of_the_configuration() {
        Reading reading = read(Map.of(
                "outbox.policies[0].tenants", "a*",
                "outbox.policies[0].max-age", "1m",
                "outbox.policies[0].duplicate-window", "2m",
                "outbox.policies[1].max-age", "1m",
                "outbox.policies[2].tenants", "b",
                "outbox.policies[2].windows", "7"));

        assertThat(((Reading.Rejected) reading).problems())
                .extracting(Object::toString)
                .anyMatch(text -> text.contains("outbox.policies[0].duplicate-window"))
                .anyMatch(text -> text.contains("outbox.policies[1].tenants"))
                .anyMatch(text -> text.contains("outbox.policies[2].window"));
    }
}

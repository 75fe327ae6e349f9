package dev.outboxrelay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference for operators says what the code exports, no more and no less. */
final class MetricsReferenceTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @Test
    void every_metric_is_in_the_reference_with_its_type_and_nothing_else_is() {
        Map<String, String> written = new TreeMap<>();
        MetricsReference.entries().forEach((name, entry) -> written.put(name, entry.type()));

        assertThat(written).isEqualTo(scrape().types());
    }

    @Test
    void the_reference_names_exactly_the_labels_that_there_are() {
        Map<String, Set<String>> written = new TreeMap<>();
        MetricsReference.entries().forEach((name, entry) -> written.put(name, entry.labels()));
        Map<String, Set<String>> exported = new TreeMap<>();
        scrape().labelNames().forEach((series, labels) -> {
            Set<String> own = new TreeSet<>(labels);
            own.remove("le");
            exported.put(series.replaceFirst("(_seconds)_(bucket|count|sum)$", "$1"), own);
        });

        assertThat(written).isEqualTo(exported);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "events_published_total",
                "events_duplicate_total",
                "events_dead_lettered_total",
                "events_parked",
                "publish_seconds",
                "end_to_end_seconds",
                "lane_queued",
                "lane_in_flight",
                "oldest_unsettled_seconds",
                "slot_retained_bytes",
                "slot_confirmed_lag_bytes",
                "source_connected",
                "nats_connected",
                "leader",
                "retries_total",
                "streams_created_total",
                "consumer_pending",
                "consumer_ack_pending",
                "consumer_redelivered"
            })
    void names_that_were_promised_stay(String name) {
        assertThat(MetricsReference.entries()).containsKey(MetricsReference.PREFIX + name);
    }

    @Test
    void a_name_says_its_unit() {
        MetricsReference.entries().forEach((name, entry) -> {
            assertThat(entry.type().equals("counter")).as(name).isEqualTo(name.endsWith("_total"));
            if (entry.unit().startsWith("bytes")) {
                assertThat(name).endsWith("_bytes");
            }
            if (entry.unit().startsWith("seconds")) {
                assertThat(name).containsPattern("_seconds(_total)?$");
            }
        });
    }

    private static Scrape scrape() {
        Meters meters = new Meters(10, new BuildInfo("1.2.3", "3.6.1", "2.26.2"), InstantSource.fixed(NOW));
        EveryMeter.use(meters, NOW);
        return new Scrape(meters.scrape());
    }
}

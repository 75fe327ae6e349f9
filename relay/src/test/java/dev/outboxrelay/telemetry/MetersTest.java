package dev.outboxrelay.telemetry;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MetersTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final String OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";

    private final Meters meters = new Meters(2, new BuildInfo("1.2.3", "3.6.1", "2.26.2"), InstantSource.fixed(NOW));

    @Test
    void a_scrape_has_exactly_the_metrics_of_the_contract() {
        useEverything();

        assertThat(scrape().types())
                .containsOnly(
                        entry("outbox_relay_events_published_total", "counter"),
                        entry("outbox_relay_events_duplicate_total", "counter"),
                        entry("outbox_relay_events_dead_lettered_total", "counter"),
                        entry("outbox_relay_events_dropped_total", "counter"),
                        entry("outbox_relay_publish_seconds", "histogram"),
                        entry("outbox_relay_end_to_end_seconds", "histogram"),
                        entry("outbox_relay_events_parked", "gauge"),
                        entry("outbox_relay_lane_queued", "gauge"),
                        entry("outbox_relay_lane_in_flight", "gauge"),
                        entry("outbox_relay_oldest_unsettled_seconds", "gauge"),
                        entry("outbox_relay_slot_retained_bytes", "gauge"),
                        entry("outbox_relay_slot_confirmed_lag_bytes", "gauge"),
                        entry("outbox_relay_slot_active", "gauge"),
                        entry("outbox_relay_slot_wal_status", "gauge"),
                        entry("outbox_relay_wal_budget_bytes", "gauge"),
                        entry("outbox_relay_spill_max_bytes", "gauge"),
                        entry("outbox_relay_start_time_seconds", "gauge"),
                        entry("outbox_relay_dead_letters", "gauge"),
                        entry("outbox_relay_streams", "gauge"),
                        entry("outbox_relay_stream_messages", "gauge"),
                        entry("outbox_relay_stream_bytes", "gauge"),
                        entry("outbox_relay_stream_max_messages", "gauge"),
                        entry("outbox_relay_stream_max_bytes", "gauge"),
                        entry("outbox_relay_stream_used_ratio", "gauge"),
                        entry("outbox_relay_source_connected", "gauge"),
                        entry("outbox_relay_source_blocked_seconds_total", "counter"),
                        entry("outbox_relay_spilled_bytes", "gauge"),
                        entry("outbox_relay_nats_connected", "gauge"),
                        entry("outbox_relay_leader", "gauge"),
                        entry("outbox_relay_retries_total", "counter"),
                        entry("outbox_relay_rows_taken_total", "counter"),
                        entry("outbox_relay_spans_total", "counter"),
                        entry("outbox_relay_streams_created_total", "counter"),
                        entry("outbox_relay_consumer_pending", "gauge"),
                        entry("outbox_relay_consumer_ack_pending", "gauge"),
                        entry("outbox_relay_consumer_redelivered", "gauge"),
                        entry("outbox_relay_consumer_stalled", "gauge"),
                        entry("outbox_relay_consumer_absent", "gauge"),
                        entry("outbox_relay_consumer_lost_total", "counter"),
                        entry("outbox_relay_consumer_gave_up_total", "counter"),
                        entry("outbox_relay_consumers", "gauge"),
                        entry("outbox_relay_lag_look_seconds", "gauge"),
                        entry("outbox_relay_tenants_without_label", "gauge"),
                        entry("outbox_relay_build_info", "gauge"));
    }

    @Test
    void a_scrape_has_exactly_the_label_sets_of_the_contract() {
        useEverything();

        assertThat(scrape().labelNames())
                .containsOnly(
                        entry("outbox_relay_events_published_total", Set.of("tenant")),
                        entry("outbox_relay_events_duplicate_total", Set.of("tenant")),
                        entry("outbox_relay_events_dead_lettered_total", Set.of("tenant", "reason")),
                        entry("outbox_relay_events_dropped_total", Set.of("tenant")),
                        entry("outbox_relay_publish_seconds_bucket", Set.of("tenant", "le")),
                        entry("outbox_relay_publish_seconds_count", Set.of("tenant")),
                        entry("outbox_relay_publish_seconds_sum", Set.of("tenant")),
                        entry("outbox_relay_end_to_end_seconds_bucket", Set.of("tenant", "le")),
                        entry("outbox_relay_end_to_end_seconds_count", Set.of("tenant")),
                        entry("outbox_relay_end_to_end_seconds_sum", Set.of("tenant")),
                        entry("outbox_relay_events_parked", Set.of("tenant")),
                        entry("outbox_relay_lane_queued", Set.of("tenant")),
                        entry("outbox_relay_lane_in_flight", Set.of("tenant")),
                        entry("outbox_relay_oldest_unsettled_seconds", Set.of("tenant")),
                        entry("outbox_relay_slot_retained_bytes", Set.of()),
                        entry("outbox_relay_slot_confirmed_lag_bytes", Set.of()),
                        entry("outbox_relay_slot_active", Set.of()),
                        entry("outbox_relay_slot_wal_status", Set.of("status")),
                        entry("outbox_relay_wal_budget_bytes", Set.of()),
                        entry("outbox_relay_spill_max_bytes", Set.of()),
                        entry("outbox_relay_start_time_seconds", Set.of()),
                        entry("outbox_relay_dead_letters", Set.of("tenant")),
                        entry("outbox_relay_streams", Set.of()),
                        entry("outbox_relay_stream_messages", Set.of("stream")),
                        entry("outbox_relay_stream_bytes", Set.of("stream")),
                        entry("outbox_relay_stream_max_messages", Set.of("stream")),
                        entry("outbox_relay_stream_max_bytes", Set.of("stream")),
                        entry("outbox_relay_stream_used_ratio", Set.of("stream", "discard")),
                        entry("outbox_relay_source_connected", Set.of()),
                        entry("outbox_relay_source_blocked_seconds_total", Set.of()),
                        entry("outbox_relay_spilled_bytes", Set.of()),
                        entry("outbox_relay_nats_connected", Set.of()),
                        entry("outbox_relay_leader", Set.of()),
                        entry("outbox_relay_retries_total", Set.of("cause")),
                        entry("outbox_relay_rows_taken_total", Set.of()),
                        entry("outbox_relay_spans_total", Set.of("outcome")),
                        entry("outbox_relay_streams_created_total", Set.of()),
                        entry("outbox_relay_consumer_pending", Set.of("stream", "consumer")),
                        entry("outbox_relay_consumer_ack_pending", Set.of("stream", "consumer")),
                        entry("outbox_relay_consumer_redelivered", Set.of("stream", "consumer")),
                        entry("outbox_relay_consumer_stalled", Set.of("stream", "consumer")),
                        entry("outbox_relay_consumer_absent", Set.of("stream", "consumer")),
                        entry("outbox_relay_consumer_lost_total", Set.of("stream", "consumer")),
                        entry("outbox_relay_consumer_gave_up_total", Set.of("stream", "consumer")),
                        entry("outbox_relay_consumers", Set.of("stream", "consumer")),
                        entry("outbox_relay_lag_look_seconds", Set.of()),
                        entry("outbox_relay_tenants_without_label", Set.of()),
                        entry("outbox_relay_build_info", Set.of("version", "debezium", "jnats")));
    }

    @Test
    void each_meter_shows_what_was_counted_in_its_own_series() {
        useEverything();

        Scrape scrape = scrape();

        assertThat(scrape.value("outbox_relay_events_published_total{tenant=\"acme\"}"))
                .isEqualTo(4);
        assertThat(scrape.value("outbox_relay_events_duplicate_total{tenant=\"acme\"}"))
                .isEqualTo(8);
        assertThat(scrape.value(
                        "outbox_relay_events_dead_lettered_total{reason=\"payload_too_large\",tenant=\"acme\"}"))
                .isEqualTo(1);
        assertThat(scrape.value("outbox_relay_publish_seconds_sum{tenant=\"acme\"}"))
                .isEqualTo(0.002);
        assertThat(scrape.value("outbox_relay_end_to_end_seconds_sum{tenant=\"acme\"}"))
                .isEqualTo(3600);
        assertThat(scrape.value("outbox_relay_slot_retained_bytes")).isEqualTo(1000);
        assertThat(scrape.value("outbox_relay_slot_confirmed_lag_bytes")).isEqualTo(10);
        assertThat(scrape.value("outbox_relay_source_connected")).isEqualTo(1);
        assertThat(scrape.value("outbox_relay_nats_connected")).isEqualTo(1);
        assertThat(scrape.value("outbox_relay_retries_total{cause=\"timeout\"}"))
                .isEqualTo(1);
        assertThat(scrape.value("outbox_relay_streams_created_total")).isEqualTo(1);
    }

    @Test
    void consumers_of_tenants_beyond_the_bound_share_one_row_that_says_how_many_they_are() {
        meters.tenant("acme");
        meters.tenant("umbrella");
        meters.consumers(
                List.of(
                        reading("acme", "billing", 1, true, 7),
                        reading("third", "billing", 10, true, 0),
                        reading("third", "audit", 100, false, 3),
                        reading("fourth", "billing", 1_000, true, 5)),
                Duration.ofMillis(250));

        Scrape scrape = scrape();

        assertThat(scrape.value("outbox_relay_consumer_pending{consumer=\"billing\",stream=\"TENANT_ACME\"}"))
                .isEqualTo(1);
        assertThat(scrape.value("outbox_relay_consumers{consumer=\"billing\",stream=\"TENANT_ACME\"}"))
                .isEqualTo(1);
        String others = "{consumer=\"(others)\",stream=\"(others)\"}";
        assertThat(scrape.value("outbox_relay_consumer_pending" + others)).isEqualTo(1_110);
        assertThat(scrape.value("outbox_relay_consumer_stalled" + others)).isEqualTo(2);
        assertThat(scrape.value("outbox_relay_consumer_lost_total" + others)).isEqualTo(8);
        assertThat(scrape.value("outbox_relay_consumers" + others)).isEqualTo(3);
        assertThat(scrape.value("outbox_relay_tenants_without_label")).isEqualTo(2);
        assertThat(scrape.value("outbox_relay_lag_look_seconds")).isEqualTo(0.25);
    }

    @Test
    void a_stream_with_more_consumers_than_anybody_can_read_has_a_row_of_others_too() {
        List<ConsumerReading> many = IntStream.range(0, 50)
                .mapToObj(i -> reading("acme", "c" + (100 + i), 1, false, 0))
                .toList();

        meters.consumers(many, Duration.ZERO);

        assertThat(scrape().value("outbox_relay_consumers{consumer=\"(others)\",stream=\"TENANT_ACME\"}"))
                .isEqualTo(50 - ConsumerMeters.MAX_A_STREAM);
    }

    @Test
    void a_counter_of_losses_never_falls_when_who_counts_begins_anew() {
        String lost = "outbox_relay_consumer_lost_total{consumer=\"billing\",stream=\"TENANT_ACME\"}";
        meters.consumers(List.of(reading("acme", "billing", 1, false, 7)), Duration.ZERO);
        meters.consumers(List.of(reading("acme", "billing", 1, false, 9)), Duration.ZERO);
        assertThat(scrape().value(lost)).isEqualTo(9);

        meters.consumersUnknown();
        meters.consumers(List.of(reading("acme", "billing", 1, false, 2)), Duration.ZERO);

        assertThat(scrape().value(lost)).isEqualTo(11);
    }

    @Test
    void figures_of_consumers_that_are_not_known_have_no_series() {
        meters.consumers(List.of(reading("acme", "billing", 1, false, 7)), Duration.ZERO);

        meters.streams(List.of(new StreamReading("acme", "TENANT_ACME", 1, 1, 1, 1, false)));
        meters.deadLetters(Map.of(Optional.of("acme"), 2L));

        meters.consumersUnknown();

        assertThat(meters.scrape())
                .doesNotContain(
                        "consumer_pending{", "lag_look_seconds ", "relay_stream_", "dead_letters{", "streams 1");
    }

    private static ConsumerReading reading(String tenant, String consumer, long pending, boolean stalled, long lost) {
        return new ConsumerReading(
                tenant, "TENANT_" + tenant.toUpperCase(Locale.ROOT), consumer, pending, 0, 0, stalled, false, lost, 0);
    }

    @Test
    void streams_show_what_they_hold_and_may_hold_and_how_full_they_are() {
        meters.tenant("acme");
        meters.tenant("umbrella");
        meters.streams(List.of(
                new StreamReading("acme", "TENANT_ACME", 50, 900, 100, 1_000, true),
                new StreamReading("umbrella", "TENANT_UMBRELLA", 7, 70, -1, -1, false),
                new StreamReading("third", "TENANT_THIRD", 10, 1, 20, -1, false),
                new StreamReading("fourth", "TENANT_FOURTH", 10, 1, 1_000, -1, false),
                new StreamReading("fifth", "TENANT_FIFTH", 99, 1, 100, -1, true)));

        Scrape scrape = scrape();

        assertThat(scrape.value("outbox_relay_stream_messages{stream=\"TENANT_ACME\"}"))
                .isEqualTo(50);
        assertThat(scrape.value("outbox_relay_stream_max_messages{stream=\"TENANT_ACME\"}"))
                .isEqualTo(100);
        assertThat(scrape.value("outbox_relay_stream_max_bytes{stream=\"TENANT_ACME\"}"))
                .isEqualTo(1_000);
        assertThat(scrape.value("outbox_relay_stream_used_ratio{discard=\"new\",stream=\"TENANT_ACME\"}"))
                .isEqualTo(0.9);
        assertThat(scrape.has("outbox_relay_stream_max_messages{stream=\"TENANT_UMBRELLA\"}"))
                .isFalse();
        assertThat(scrape.value("outbox_relay_stream_used_ratio{discard=\"old\",stream=\"TENANT_UMBRELLA\"}"))
                .isZero();
        assertThat(scrape.value("outbox_relay_stream_messages{stream=\"(others)\"}"))
                .isEqualTo(119);
        assertThat(scrape.value("outbox_relay_stream_used_ratio{discard=\"old\",stream=\"(others)\"}"))
                .isEqualTo(0.5);
        assertThat(scrape.value("outbox_relay_stream_used_ratio{discard=\"new\",stream=\"(others)\"}"))
                .isEqualTo(0.99);
        assertThat(scrape.has("outbox_relay_stream_max_messages{stream=\"(others)\"}"))
                .isFalse();
        assertThat(scrape.value("outbox_relay_streams")).isEqualTo(5);
    }

    @Test
    void dead_letters_of_ids_that_are_no_tenants_share_a_label_that_does_not_show_them() {
        meters.tenant("acme");
        meters.tenant("umbrella");

        meters.deadLetters(Map.of(Optional.of("acme"), 2L, Optional.of("third"), 3L, Optional.empty(), 4L));

        assertThat(scrape().value("outbox_relay_dead_letters{tenant=\"acme\"}")).isEqualTo(2);
        assertThat(scrape().value("outbox_relay_dead_letters{tenant=\"(others)\"}"))
                .isEqualTo(3);
        assertThat(scrape().value("outbox_relay_dead_letters{tenant=\"(invalid)\"}"))
                .isEqualTo(4);
    }

    @Test
    void a_tenant_shows_up_with_zeroes_before_its_first_event() {
        meters.tenant("acme");

        assertThat(scrape().value("outbox_relay_events_published_total{tenant=\"acme\"}"))
                .isZero();
        assertThat(scrape().value("outbox_relay_end_to_end_seconds_count{tenant=\"acme\"}"))
                .isZero();
        assertThat(scrape().value("outbox_relay_lane_queued{tenant=\"acme\"}")).isZero();
        assertThat(scrape().value("outbox_relay_oldest_unsettled_seconds{tenant=\"acme\"}"))
                .isZero();
    }

    @Test
    void tenants_beyond_the_bound_share_one_series_that_is_their_sum() {
        for (int i = 0; i < 10; i++) {
            TenantMeters tenant = meters.tenant("t" + i);
            tenant.published();
            tenant.openLane().set(i, 1, NOW.toEpochMilli() - 1000L * i);
        }

        Scrape scrape = scrape();

        assertThat(scrape.has("outbox_relay_events_published_total{tenant=\"t2\"}"))
                .isFalse();
        assertThat(scrape.value("outbox_relay_events_published_total{tenant=\"t1\"}"))
                .isEqualTo(1);
        assertThat(scrape.value("outbox_relay_events_published_total{tenant=\"(others)\"}"))
                .isEqualTo(8);
        assertThat(scrape.value("outbox_relay_lane_queued{tenant=\"(others)\"}"))
                .isEqualTo(IntStream.range(2, 10).sum());
        assertThat(scrape.value("outbox_relay_lane_in_flight{tenant=\"(others)\"}"))
                .isEqualTo(8);
        assertThat(scrape.value("outbox_relay_oldest_unsettled_seconds{tenant=\"(others)\"}"))
                .isEqualTo(9);
    }

    @Test
    void rows_without_a_valid_tenant_have_a_label_of_their_own_that_takes_no_place() {
        meters.invalidTenant().deadLettered("invalid_tenant");
        meters.tenant("t0");
        meters.tenant("t1");

        assertThat(
                        scrape().value(
                                        "outbox_relay_events_dead_lettered_total{reason=\"invalid_tenant\",tenant=\"(invalid)\"}"))
                .isEqualTo(1);
        assertThat(scrape().has("outbox_relay_events_published_total{tenant=\"t1\"}"))
                .isTrue();
    }

    @Test
    void a_closed_lane_no_longer_counts() {
        LaneGauge dropped = meters.tenant("acme").openLane();
        dropped.set(7, 5, NOW.toEpochMilli() - 60_000);
        meters.tenant("acme").openLane().set(2, 1, LaneGauge.NONE);

        dropped.close();
        dropped.close();

        assertThat(scrape().value("outbox_relay_lane_queued{tenant=\"acme\"}")).isEqualTo(2);
        assertThat(scrape().value("outbox_relay_lane_in_flight{tenant=\"acme\"}"))
                .isEqualTo(1);
        assertThat(scrape().value("outbox_relay_oldest_unsettled_seconds{tenant=\"acme\"}"))
                .isZero();
    }

    @Test
    void a_clock_of_postgres_that_runs_ahead_yields_no_negative_times() {
        meters.tenant("acme").openLane().set(1, 0, NOW.toEpochMilli() + 5000);
        meters.tenant("acme").endToEndSeconds(-0.5);

        assertThat(scrape().value("outbox_relay_oldest_unsettled_seconds{tenant=\"acme\"}"))
                .isZero();
        assertThat(scrape().value("outbox_relay_end_to_end_seconds_sum{tenant=\"acme\"}"))
                .isZero();
    }

    @Test
    void a_slot_that_cannot_be_read_has_no_series_instead_of_an_old_value() {
        assertThat(scrape().has("outbox_relay_slot_retained_bytes")).isFalse();
        meters.slot(1, 1, true, "reserved");

        meters.slotUnknown();

        assertThat(scrape().has("outbox_relay_slot_retained_bytes")).isFalse();
    }

    @Test
    void nothing_is_lost_when_threads_count_and_scrape_at_once() throws Exception {
        int threads = 4;
        int each = 20_000;
        meters.tenant("t0");
        meters.tenant("t1");
        CyclicBarrier start = new CyclicBarrier(threads);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            var done = pool.invokeAll(IntStream.range(0, threads)
                    .mapToObj(thread -> (Callable<Void>) () -> {
                        start.await();
                        for (int i = 0; i < each; i++) {
                            TenantMeters tenant = meters.tenant("t" + i % 4);
                            tenant.published();
                            tenant.publishSeconds(1_000_000);
                            if (i % 5_000 == 0) {
                                meters.scrape();
                            }
                        }
                        return null;
                    })
                    .toList());
            for (var thread : done) {
                thread.get();
            }
        } finally {
            pool.shutdownNow();
        }

        for (String metric : Set.of("outbox_relay_events_published_total", "outbox_relay_publish_seconds_count")) {
            assertThat(scrape().value(metric + "{tenant=\"t0\"}")).isEqualTo(threads * each / 4.0);
            assertThat(scrape().value(metric + "{tenant=\"t1\"}")).isEqualTo(threads * each / 4.0);
            assertThat(scrape().value(metric + "{tenant=\"(others)\"}")).isEqualTo(threads * each / 2.0);
        }
    }

    @Test
    void open_metrics_is_written_where_the_accept_header_asks_for_it() throws IOException {
        ByteArrayOutputStream page = new ByteArrayOutputStream();

        meters.writeTo(page, OPENMETRICS);

        assertThat(page.toString(StandardCharsets.UTF_8)).endsWith("# EOF\n");
        assertThat(meters.contentType(OPENMETRICS)).startsWith("application/openmetrics-text; version=1.0.0");
        assertThat(meters.contentType("text/html, */*")).startsWith("text/plain; version=0.0.4");
        assertThat(meters.contentType(null)).startsWith("text/plain; version=0.0.4");
    }

    private void useEverything() {
        EveryMeter.use(meters, NOW);
    }

    private Scrape scrape() {
        return new Scrape(meters.scrape());
    }
}

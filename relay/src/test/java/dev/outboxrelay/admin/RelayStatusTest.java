package dev.outboxrelay.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RelayStatusTest {

    private static final Instant SINCE = Instant.parse("2026-01-02T03:04:05Z");

    @Test
    void who_suffers_most_comes_first() {
        var sorted = status(
                        tenant("idle-b", 0, 0, 0, null),
                        tenant("idle-a", 0, 0, 0, null),
                        tenant("erring", 0, 0, 0, "stream sealed"),
                        tenant("poisonous", 0, 3, 0, null),
                        tenant("bursting", 900, 0, 0.8, null),
                        tenant("busy", 10, 0, 0.9, null),
                        tenant("blocked", 1, 0, 60, "stream full"),
                        tenant("stuck", 1, 0, 61, null),
                        starved("starved", "stalled", 500),
                        starved("starving", "absent", 90_000),
                        starved("losing", "losing", 10),
                        starved("lagging", "behind", 1_000_000),
                        parked("parked", 7))
                .tenants();

        assertThat(sorted)
                .extracting(TenantStatus::tenant)
                .containsExactly(
                        "losing",
                        "stuck",
                        "blocked",
                        "erring",
                        "parked",
                        "starving",
                        "starved",
                        "poisonous",
                        "lagging",
                        "bursting",
                        "busy",
                        "idle-a",
                        "idle-b");
    }

    @Test
    void why_is_said_in_words_the_worst_first() {
        TenantStatus tenant = TenantStatus.of(new TenantStatus.Facts(
                "acme",
                "TENANT_ACME",
                "backing off",
                1_200,
                4,
                300,
                10,
                0,
                3,
                7L,
                200.4,
                "maximum messages exceeded [10077]",
                3L,
                List.of(
                        consumer("billing", "stalled", 1_000, "stalled: 500 messages …"),
                        consumer("audit", "losing", 9, "200 messages left the stream …"),
                        consumer("fine", null, 5)),
                List.of("something else is wrong")));

        assertThat(tenant.suffering()).isEqualTo(Suffering.LOSING);
        assertThat(tenant.reasons())
                .containsExactly(
                        "consumer audit: 200 messages left the stream …",
                        "consumer billing: stalled: 500 messages …",
                        "nothing can be published: maximum messages exceeded [10077]",
                        "1,204 events not in the stream yet, the oldest committed 3 min 20 s ago",
                        "300 events parked in outbox.dead_letter: they go out first, in order, once the stream takes"
                                + " messages, or once its dead letters are decided",
                        "3 dead letters to decide about: outbox-relay dlq list --tenant acme",
                        "something else is wrong");
        assertThat(tenant.consumers()).extracting(ConsumerStatus::name).containsExactly("audit", "billing", "fine");
    }

    @Test
    void a_paused_tenant_is_told_from_one_that_is_stuck() {
        TenantStatus tenant = TenantStatus.of(new TenantStatus.Facts(
                "acme", "TENANT_ACME", "paused", 0, 0, 2, 0, 0, 0, 7L, 0, null, 0L, List.of(), List.of()));

        assertThat(tenant.suffering()).isEqualTo(Suffering.PARKED);
        assertThat(tenant.reasons())
                .containsExactly(
                        "somebody paused it: nothing is published, and its events are parked meanwhile",
                        "2 events parked in outbox.dead_letter: they go out first, in order, once it is resumed");
    }

    @Test
    void what_was_wrong_before_a_pause_makes_nobody_look_for_it() {
        TenantStatus tenant = TenantStatus.of(new TenantStatus.Facts(
                "acme",
                "TENANT_ACME",
                "paused",
                3,
                0,
                0,
                0,
                0,
                0,
                null,
                90,
                "the tenant is paused, and has no stream yet",
                0L,
                List.of(),
                List.of()));

        assertThat(tenant.suffering()).isEqualTo(Suffering.PARKED);
        assertThat(tenant.reasons().get(0)).startsWith("somebody paused it");
        assertThat(tenant.reasons()).noneMatch(reason -> reason.contains("nothing can be published"));
    }

    @Test
    void of_a_tenant_that_is_well_nothing_is_said() {
        TenantStatus tenant = tenant("acme", 3, 0, 0.2, null);

        assertThat(tenant.suffering()).isEqualTo(Suffering.FINE);
        assertThat(tenant.reasons()).isEmpty();
    }

    /** Sorting must not depend on who came first, and comparing must be a total order. */
    @Test
    void the_order_is_the_same_whatever_the_order_before() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            List<TenantStatus> tenants = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String trouble = random.nextInt(3) > 0
                        ? null
                        : List.of("losing", "stalled", "absent", "behind", "unmanaged")
                                .get(random.nextInt(5));
                tenants.add(TenantStatus.of(new TenantStatus.Facts(
                        "t" + i,
                        "TENANT_T" + i,
                        "flowing",
                        random.nextInt(3),
                        random.nextInt(2),
                        random.nextInt(5) == 0 ? 1 : 0,
                        0,
                        0,
                        random.nextInt(2),
                        null,
                        random.nextInt(100) / 1.5,
                        random.nextInt(4) == 0 ? "x" : null,
                        random.nextBoolean() ? null : (long) random.nextInt(2),
                        trouble == null ? List.of() : List.of(consumer("c", trouble, random.nextInt(3), "why")),
                        List.of())));
            }
            List<TenantStatus> one =
                    status(tenants.toArray(TenantStatus[]::new)).tenants();
            Collections.shuffle(tenants, random);
            List<TenantStatus> other =
                    status(tenants.toArray(TenantStatus[]::new)).tenants();

            assertThat(other).as("seed %d", seed).isEqualTo(one);
            assertThat(one).extracting(TenantStatus::suffering).isSorted();
            assertThat(one)
                    .allSatisfy(tenant -> assertThat(tenant.suffering() == Suffering.FINE
                                    || !tenant.reasons().isEmpty())
                            .isTrue());
        }
    }

    @Test
    void totals_add_up_the_tenants_and_the_dead_letters_that_belong_to_none() {
        Totals totals = Totals.of(List.of(tenant("a", 2, 1, 0, null), tenant("b", 3, 0, 0, null)), 5);

        assertThat(totals).isEqualTo(new Totals(5, 2, 0, 20, 4, 6));
    }

    @Test
    void the_json_has_exactly_the_documented_names() throws JsonProcessingException {
        RelayStatus status = new RelayStatus(
                "1.2.3",
                Role.LEADER,
                SINCE,
                "relay/1",
                new RelayStatus.Leader("relay/1", SINCE),
                new SlotStatus("outbox_relay", "0/16B3748", 1024L, null, 2048L),
                Connection.up(SINCE),
                Connection.down(SINCE, "no servers available"),
                new Totals(1, 2, 0, 3, 4, 5),
                new LagStatus(SINCE, 0.5, 7, null),
                Map.of("consumer acme/billing", "no good"),
                List.of(TenantStatus.of(new TenantStatus.Facts(
                        "acme",
                        "TENANT_ACME",
                        "flowing",
                        1,
                        2,
                        0,
                        3,
                        4,
                        5,
                        6L,
                        0.25,
                        null,
                        1L,
                        List.of(new ConsumerStatus(
                                "billing", 8, 9, 500, 1, 2, 1.5, 3, 4, "absent", List.of("nobody pulls"))),
                        List.of()))));

        String json = new String(StatusJson.of(status), StandardCharsets.UTF_8);

        ObjectMapper mapper = new ObjectMapper();
        assertThat(mapper.readTree(json)).isEqualTo(mapper.readTree("""
                        {
                          "version": "1.2.3",
                          "role": "leader",
                          "role_since": "2026-01-02T03:04:05Z",
                          "instance": "relay/1",
                          "leader": {"instance": "relay/1", "since": "2026-01-02T03:04:05Z"},
                          "slot": {
                            "name": "outbox_relay", "confirmed_lsn": "0/16B3748",
                            "retained_bytes": 1024, "lag_bytes": null, "budget_bytes": 2048
                          },
                          "source": {"connected": true, "since": "2026-01-02T03:04:05Z", "last_error": null},
                          "nats": {
                            "connected": false, "since": "2026-01-02T03:04:05Z", "last_error": "no servers available"
                          },
                          "totals": {
                            "queued": 1, "in_flight": 2, "parked": 0, "published": 3, "duplicates": 4, "dead_lettered": 5
                          },
                          "lag": {
                            "at": "2026-01-02T03:04:05Z", "took_seconds": 0.5, "streams": 7, "error": null
                          },
                          "policy_problems": {"consumer acme/billing": "no good"},
                          "tenants": [{
                            "tenant": "acme", "stream": "TENANT_ACME", "state": "flowing", "queued": 1,
                            "in_flight": 2, "parked": 0, "published": 3, "duplicates": 4, "dead_lettered": 5,
                            "last_sequence": 6, "oldest_unsettled_seconds": 0.25, "last_error": null,
                            "dead": 1,
                            "consumers": [{
                              "name": "billing", "pending": 8, "ack_pending": 9, "max_ack_pending": 500,
                              "redelivered": 1, "waiting_pulls": 2, "delivered_per_second": 1.5, "lost": 3,
                              "gave_up": 4, "trouble": "absent", "reasons": ["nobody pulls"]
                            }],
                            "suffering": "starved",
                            "reasons": [
                              "consumer billing: nobody pulls",
                              "1 dead letter to decide about: outbox-relay dlq list --tenant acme"
                            ]
                          }]
                        }
                        """));
    }

    static RelayStatus status(TenantStatus... tenants) {
        return new RelayStatus(
                "1.2.3",
                Role.LEADER,
                SINCE,
                "relay/1",
                new RelayStatus.Leader("relay/1", SINCE),
                new SlotStatus("outbox_relay", null, null, null, null),
                Connection.up(SINCE),
                Connection.up(SINCE),
                Totals.of(List.of(tenants), 0),
                LagStatus.NONE,
                Map.of(),
                List.of(tenants));
    }

    private static TenantStatus tenant(
            String id, long queued, long deadLettered, double oldest, @Nullable String error) {
        return TenantStatus.of(new TenantStatus.Facts(
                id,
                "TENANT_X",
                "flowing",
                queued,
                1,
                0,
                10,
                2,
                deadLettered,
                7L,
                oldest,
                error,
                deadLettered,
                List.of(),
                List.of()));
    }

    private static TenantStatus starved(String id, String trouble, long pending) {
        return TenantStatus.of(TenantStatus.Facts.idle(
                id, "TENANT_X", 7, 0L, List.of(consumer("billing", trouble, pending, "it is " + trouble))));
    }

    private static TenantStatus parked(String id, long events) {
        return TenantStatus.of(new TenantStatus.Facts(
                id, "TENANT_X", "parked", 0, 0, events, 10, 2, 0, 7L, 0, null, 0L, List.of(), List.of()));
    }

    private static ConsumerStatus consumer(String name, @Nullable String trouble, long pending, String... reasons) {
        return new ConsumerStatus(name, pending, 0, 500, 0, 0, 0, 0, 0, trouble, List.of(reasons));
    }
}

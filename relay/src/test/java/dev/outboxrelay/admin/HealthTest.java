package dev.outboxrelay.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HealthTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final Instant SINCE = Instant.parse("2026-01-02T03:00:00.123Z");
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Connection UP = Connection.up(SINCE);

    @Test
    void a_leader_with_both_ends_is_alive_and_ready_and_says_that_it_leads() {
        Health health = health(Role.LEADER, UP, UP, NOW);

        assertThat(health.live()).isEqualTo(new Health.Verdict(true, List.of("alive")));
        assertThat(health.ready().httpStatus()).isEqualTo(200);
        assertThat(health.ready().body()).isEqualTo("leader since 2026-01-02T03:00:00Z, postgres and nats connected\n");
    }

    @Test
    void a_healthy_standby_is_ready_and_says_that_it_stands_by() {
        Health health = health(Role.STANDBY, UP, UP, NOW);

        assertThat(health.ready().httpStatus()).isEqualTo(200);
        assertThat(health.ready().body()).startsWith("standby since ");
    }

    @ParameterizedTest
    @EnumSource(
            value = Role.class,
            names = {"STARTING", "STOPPING"})
    void an_instance_on_its_way_up_or_down_is_alive_but_not_ready(Role role) {
        Health health = health(role, UP, UP, NOW);

        assertThat(health.live().httpStatus()).isEqualTo(200);
        assertThat(health.ready().httpStatus()).isEqualTo(503);
        assertThat(health.ready().body()).isEqualToIgnoringCase(role + " since 2026-01-02T03:00:00Z\n");
    }

    @Test
    void everything_that_is_wrong_has_a_line_of_its_own() {
        Connection source = Connection.down(SINCE, "connection refused\nIs the server running?");
        Connection nats = Connection.down(SINCE, null);

        Health health = health(Role.STARTING, source, nats, NOW.minusSeconds(31));

        assertThat(health.ready().httpStatus()).isEqualTo(503);
        assertThat(health.ready().body().lines())
                .containsExactly(
                        "wedged: the pipeline made no heartbeat for 31 s (limit 30 s); take a thread dump, then restart"
                                + " this process",
                        "starting since 2026-01-02T03:00:00Z",
                        "postgres: not connected since 2026-01-02T03:00:00Z: connection refused Is the server running?",
                        "nats: not connected since 2026-01-02T03:00:00Z");
    }

    @Test
    void a_standby_is_ready_without_nats_and_says_that_it_stands_by() {
        Health health = health(Role.STANDBY, UP, Connection.down(SINCE, null), NOW);

        assertThat(health.ready().httpStatus()).isEqualTo(200);
        assertThat(health.ready().body()).startsWith("standby since ").endsWith(", postgres connected\n");
    }

    @Test
    void one_end_away_costs_the_readiness_but_not_the_life() {
        Health health = health(Role.LEADER, UP, Connection.down(SINCE, "no servers available"), NOW);

        assertThat(health.live().httpStatus()).isEqualTo(200);
        assertThat(health.ready().httpStatus()).isEqualTo(503);
        assertThat(health.ready().body())
                .isEqualTo("nats: not connected since 2026-01-02T03:00:00Z: no servers available\n");
    }

    @Test
    void a_wedged_pipeline_costs_the_life_and_says_why() {
        Health health = health(Role.LEADER, UP, UP, NOW.minus(LIMIT).minusMillis(1));

        assertThat(health.live().httpStatus()).isEqualTo(503);
        assertThat(health.live().body()).startsWith("wedged: the pipeline made no heartbeat for 30 s");
        assertThat(health.ready().httpStatus()).isEqualTo(503);
    }

    @Test
    void a_heartbeat_as_old_as_the_limit_is_still_good() {
        assertThat(health(Role.LEADER, UP, UP, NOW.minus(LIMIT)).live().ok()).isTrue();
    }

    @Test
    void a_drain_is_never_called_wedged() {
        assertThat(health(Role.STOPPING, UP, UP, NOW.minusSeconds(3600)).live().ok())
                .isTrue();
    }

    private static Health health(Role role, Connection source, Connection nats, Instant heartbeat) {
        return Health.of(new HealthFacts(role, SINCE, source, nats, heartbeat), NOW, LIMIT);
    }
}

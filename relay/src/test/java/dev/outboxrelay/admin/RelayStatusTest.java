package dev.outboxrelay.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
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
                        tenant("blocked", 1, 0, 60, "stream full"))
                .tenants();

        assertThat(sorted)
                .extracting(TenantStatus::tenant)
                .containsExactly("blocked", "bursting", "busy", "poisonous", "erring", "idle-a", "idle-b");
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
                new SlotStatus("outbox_relay", "0/16B3748", 1024L, null),
                Connection.up(SINCE),
                Connection.down(SINCE, "no servers available"),
                new Totals(1, 2, 0, 3, 4, 5),
                List.of(new TenantStatus("acme", "TENANT_ACME", "flowing", 1, 2, 0, 3, 4, 5, 6L, 0.25, null)));

        String json = new String(StatusJson.of(status), StandardCharsets.UTF_8);

        ObjectMapper mapper = new ObjectMapper();
        assertThat(mapper.readTree(json)).isEqualTo(mapper.readTree("""
                        {
                          "version": "1.2.3",
                          "role": "leader",
                          "role_since": "2026-01-02T03:04:05Z",
                          "slot": {
                            "name": "outbox_relay", "confirmed_lsn": "0/16B3748",
                            "retained_bytes": 1024, "lag_bytes": null
                          },
                          "source": {"connected": true, "since": "2026-01-02T03:04:05Z", "last_error": null},
                          "nats": {
                            "connected": false, "since": "2026-01-02T03:04:05Z", "last_error": "no servers available"
                          },
                          "totals": {
                            "queued": 1, "in_flight": 2, "parked": 0, "published": 3, "duplicates": 4, "dead_lettered": 5
                          },
                          "tenants": [{
                            "tenant": "acme", "stream": "TENANT_ACME", "state": "flowing", "queued": 1,
                            "in_flight": 2, "parked": 0, "published": 3, "duplicates": 4, "dead_lettered": 5,
                            "last_sequence": 6, "oldest_unsettled_seconds": 0.25, "last_error": null
                          }]
                        }
                        """));
    }

    static RelayStatus status(TenantStatus... tenants) {
        return new RelayStatus(
                "1.2.3",
                Role.LEADER,
                SINCE,
                new SlotStatus("outbox_relay", null, null, null),
                Connection.up(SINCE),
                Connection.up(SINCE),
                Totals.of(List.of(tenants), 0),
                List.of(tenants));
    }

    private static TenantStatus tenant(
            String id, long queued, long deadLettered, double oldest, @Nullable String error) {
        return new TenantStatus(id, "TENANT_X", "flowing", queued, 1, 0, 10, 2, deadLettered, 7L, oldest, error);
    }
}

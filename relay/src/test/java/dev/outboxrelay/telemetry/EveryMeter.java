package dev.outboxrelay.telemetry;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Uses every meter there is at least once, for one tenant, so that each has a series. */
final class EveryMeter {

    private EveryMeter() {}

    static void use(Meters meters, Instant now) {
        TenantMeters acme = meters.tenant("acme");
        acme.published();
        acme.published(3);
        acme.duplicate();
        acme.duplicate(7);
        acme.dropped(1);
        acme.deadLettered("payload_too_large");
        acme.publishSeconds(2_000_000);
        acme.endToEndSeconds(3600);
        acme.openLane().set(1, 1, now.toEpochMilli());
        meters.slot(1000, 10, true, "extended");
        meters.walBudget(10_000);
        meters.sourceConnected(true);
        meters.sourceBlocked(Duration.ofMillis(250));
        meters.natsConnected(true);
        meters.leader(true);
        meters.spilled(() -> 5, 100);
        meters.rowsTaken(1);
        meters.retry("timeout");
        meters.streamCreated();
        meters.spans("exported", 1);
        meters.streams(List.of(new StreamReading("acme", "TENANT_ACME", 10, 1000, 100, 10_000, false)));
        meters.deadLetters(Map.of(Optional.of("acme"), 1L));
        meters.consumers(
                List.of(new ConsumerReading("acme", "TENANT_ACME", "billing", 1, 0, 0, false, false, 1, 0)),
                Duration.ofMillis(1));
    }
}

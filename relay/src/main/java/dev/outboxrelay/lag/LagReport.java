package dev.outboxrelay.lag;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What one look at all tenants' streams showed.
 *
 * @param asked how many streams were asked for their consumers; of the others nothing has changed
 */
public record LagReport(Instant at, Duration took, int asked, List<StreamLag> streams) {

    public LagReport {
        streams = List.copyOf(streams);
    }
}

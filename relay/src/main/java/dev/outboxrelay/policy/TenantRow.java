package dev.outboxrelay.policy;

import dev.outboxrelay.config.Compression;
import dev.outboxrelay.config.Discard;
import dev.outboxrelay.config.Poison;
import dev.outboxrelay.config.PolicyValues;
import dev.outboxrelay.config.Provision;
import dev.outboxrelay.config.Storage;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Reads a row of {@code outbox.tenant}: the bounds are those of its constraints, which older rows may break. */
final class TenantRow {

    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private TenantRow() {}

    static PolicyValues read(String json) throws RowJson.Unusable {
        RowJson row = RowJson.parse(json);
        return new PolicyValues(
                row.flag("paused"),
                row.oneOf("provision", Provision.class),
                maxAge(row),
                limit(row, "max_messages"),
                limit(row, "max_bytes"),
                row.number("replicas", 1, 5),
                row.oneOf("discard", Discard.class),
                row.oneOf("storage", Storage.class),
                row.oneOf("compression", Compression.class),
                row.interval("duplicate_window", SHORTEST, LONGEST),
                row.number("max_in_flight", 1, 100_000),
                row.number("retry_max_attempts", 1, 1000),
                row.interval("retry_backoff", Duration.ofMillis(1), Duration.ofHours(1)),
                row.interval("retry_backoff_max", Duration.ofMillis(1), Duration.ofHours(1)),
                row.interval("park_after", SHORTEST, Duration.ofDays(1)),
                row.oneOf("poison", Poison.class));
    }

    private static @Nullable Duration maxAge(RowJson row) throws RowJson.Unusable {
        Duration age = row.interval("max_age", Duration.ZERO, LONGEST);
        if (age != null && !age.isZero() && age.compareTo(SHORTEST) < 0) {
            throw new RowJson.Unusable("max_age is " + age + ": NATS asks for 100 ms at least, or 0 for none");
        }
        return age;
    }

    private static @Nullable Long limit(RowJson row, String column) throws RowJson.Unusable {
        Long limit = row.whole(column, -1, Long.MAX_VALUE);
        if (limit != null && limit == 0) {
            throw new RowJson.Unusable(column + " is 0: -1 is no limit");
        }
        return limit;
    }
}

package dev.outboxrelay.policy;

import dev.outboxrelay.config.Poison;
import dev.outboxrelay.config.PolicyGroup;
import dev.outboxrelay.config.PolicyValues;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.StreamSettings;
import dev.outboxrelay.lane.RetryPolicy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What holds for which tenant: a row of {@code outbox.tenant} counts more than the first group of the configuration
 * that fits, and that more than the defaults; each decides only what it says something about. A row that cannot be used
 * does not count; the last good one of that tenant does. Where everybody is paused, nothing says otherwise. Any thread.
 */
public final class PolicyBook {

    private final List<PolicyGroup> groups;
    private final TenantPolicy defaults;
    private final boolean everybodyPaused;
    private final Map<String, PolicyValues> rows = new HashMap<>();

    public PolicyBook(Settings settings) {
        StreamSettings streams = settings.streams();
        this.groups = settings.policies();
        this.everybodyPaused = settings.lanes().paused();
        this.defaults = new TenantPolicy(
                everybodyPaused,
                streams.provision(),
                new StreamPolicy(
                        streams.maxAge(),
                        streams.maxMessages(),
                        streams.maxBytes(),
                        streams.replicas(),
                        streams.discard(),
                        streams.storage(),
                        streams.compression(),
                        streams.duplicateWindow()),
                settings.lanes().window(),
                new RetryPolicy(
                        settings.retry().initial(),
                        settings.retry().max(),
                        settings.retry().maxAttempts()),
                settings.lanes().parkAfter(),
                settings.deadLetter().poison());
    }

    /** Replaces all rows; tells what is wrong, by tenant. */
    public synchronized Map<String, String> load(List<PolicyRow> all) {
        Map<String, PolicyValues> before = Map.copyOf(rows);
        rows.clear();
        Map<String, String> problems = new HashMap<>();
        for (PolicyRow row : all) {
            change(row).ifPresent(why -> {
                problems.put(row.key(), why);
                PolicyValues good = before.get(row.key());
                if (good != null) {
                    rows.put(row.key(), good);
                }
            });
        }
        return problems;
    }

    /**
     * Takes over a row that was changed or deleted; tells what is wrong with it, and then leaves things as they are.
     */
    public synchronized Optional<String> change(PolicyRow row) {
        if (row.json() == null) {
            rows.remove(row.key());
            return Optional.empty();
        }
        try {
            PolicyValues values = TenantRow.read(row.json());
            TenantPolicy unused = over(fromConfiguration(row.key()), values);
            rows.put(row.key(), values);
            return Optional.empty();
        } catch (RowJson.Unusable e) {
            return Optional.of(e.why());
        }
    }

    /** What holds for a tenant, whether or not anybody has seen it. */
    public synchronized TenantPolicy of(String tenant) {
        PolicyValues row = rows.get(tenant);
        TenantPolicy below = fromConfiguration(tenant);
        if (row == null) {
            return below;
        }
        try {
            return over(below, row);
        } catch (RowJson.Unusable e) {
            throw new IllegalStateException("it was tried before: " + e.why(), e);
        }
    }

    /** Whether later events of a tenant wait behind a dead letter, if its row says nothing about it. */
    public Poison poisonWithoutRow(String tenant) {
        return fromConfiguration(tenant).poison();
    }

    private TenantPolicy fromConfiguration(String tenant) {
        for (PolicyGroup group : groups) {
            if (group.tenants().matches(tenant)) {
                try {
                    return over(defaults, group.values());
                } catch (RowJson.Unusable e) {
                    throw new IllegalStateException("the configuration was checked: " + e.why(), e);
                }
            }
        }
        return defaults;
    }

    /** What {@code values} says over what lies below; where only one of a pair is said the other one follows it. */
    private TenantPolicy over(TenantPolicy below, PolicyValues values) throws RowJson.Unusable {
        return new TenantPolicy(
                everybodyPaused || or(values.paused(), below.paused()),
                or(values.provision(), below.provision()),
                stream(below.stream(), values),
                or(values.maxInFlight(), below.maxInFlight()),
                retry(below.retry(), values),
                or(values.parkAfter(), below.parkAfter()),
                or(values.poison(), below.poison()));
    }

    private static StreamPolicy stream(StreamPolicy below, PolicyValues values) throws RowJson.Unusable {
        Duration maxAge = or(values.maxAge(), below.maxAge());
        Duration window = or(values.duplicateWindow(), below.duplicateWindow());
        if (!maxAge.isZero() && window.compareTo(maxAge) > 0) {
            if (values.duplicateWindow() != null) {
                throw new RowJson.Unusable("duplicate_window " + window + " is longer than max_age " + maxAge
                        + ", which NATS refuses: lower it, or raise max_age");
            }
            window = maxAge;
        }
        return new StreamPolicy(
                maxAge,
                or(values.maxMessages(), below.maxMessages()),
                or(values.maxBytes(), below.maxBytes()),
                or(values.replicas(), below.replicas()),
                or(values.discard(), below.discard()),
                or(values.storage(), below.storage()),
                or(values.compression(), below.compression()),
                window);
    }

    private static RetryPolicy retry(RetryPolicy below, PolicyValues values) {
        Duration initial = or(values.retryInitial(), below.initial());
        Duration max = or(values.retryMax(), below.max());
        if (initial.compareTo(max) > 0) {
            if (values.retryMax() == null) {
                max = initial;
            } else {
                initial = max;
            }
        }
        return new RetryPolicy(initial, max, or(values.retryAttempts(), below.maxAttempts()));
    }

    private static <T> T or(@Nullable T said, T below) {
        return said == null ? below : said;
    }
}

package dev.outboxrelay.config;

import static dev.outboxrelay.config.SettingCatalog.*;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads {@code outbox.policies[i].*}: first {@link #check}, then, where nothing is wrong, {@link #groups}. */
final class PolicyListReader {

    private final Given given;
    private final Set<Integer> indexes;

    PolicyListReader(Given given, Set<String> keys) {
        this.given = given;
        this.indexes = ListIndexes.of("outbox.policies", keys);
    }

    void check() {
        for (int index : indexes) {
            all().stream()
                    .filter(setting -> setting.key().startsWith("outbox.policies[*]"))
                    .forEach(setting -> given.check(setting.at(index)));
            atMost(POLICIES_DUPLICATE_WINDOW.at(index), POLICIES_MAX_AGE.at(index), STREAMS_MAX_AGE);
            atMost(POLICIES_RETRY_INITIAL.at(index), POLICIES_RETRY_MAX.at(index), null);
        }
    }

    /** Compares two values of a group, the longer one by default with another setting; one alone needs no check. */
    private void atMost(
            Setting<Duration> shorter,
            Setting<Duration> longer,
            @org.jspecify.annotations.Nullable Setting<Duration> longerDefault) {
        Setting<Duration> other = given.has(longer) || longerDefault == null ? longer : longerDefault;
        Optional<Duration> low = given.find(shorter);
        Optional<Duration> high = given.find(other);
        if (low.isPresent() && high.isPresent() && low.get().compareTo(high.get()) > 0) {
            given.report(
                    shorter,
                    "it is longer than " + other.key() + " (" + given.origin(other) + ")",
                    "Set it to at most that, or raise " + other.key() + ".");
        }
    }

    List<PolicyGroup> groups() {
        List<PolicyGroup> groups = new ArrayList<>();
        for (int i : indexes) {
            groups.add(new PolicyGroup(
                    given.get(POLICIES_TENANTS.at(i)),
                    new PolicyValues(
                            value(POLICIES_PAUSED, i),
                            value(POLICIES_PROVISION, i),
                            value(POLICIES_MAX_AGE, i),
                            value(POLICIES_MAX_MESSAGES, i),
                            value(POLICIES_MAX_BYTES, i),
                            value(POLICIES_REPLICAS, i),
                            value(POLICIES_DISCARD, i),
                            value(POLICIES_STORAGE, i),
                            value(POLICIES_COMPRESSION, i),
                            value(POLICIES_DUPLICATE_WINDOW, i),
                            value(POLICIES_WINDOW, i),
                            value(POLICIES_RETRY_MAX_ATTEMPTS, i),
                            value(POLICIES_RETRY_INITIAL, i),
                            value(POLICIES_RETRY_MAX, i),
                            value(POLICIES_PARK_AFTER, i),
                            value(POLICIES_POISON, i))));
        }
        return List.copyOf(groups);
    }

    private <T> @org.jspecify.annotations.Nullable T value(Setting<T> setting, int index) {
        return given.find(setting.at(index)).orElse(null);
    }
}

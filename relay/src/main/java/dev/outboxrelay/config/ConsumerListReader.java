package dev.outboxrelay.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads {@code outbox.consumers[i].*}: first {@link #check}, then, where nothing is wrong, {@link #settings}. */
final class ConsumerListReader {

    private static final List<Setting<?>> PARTS = List.of(
            SettingCatalog.CONSUMERS_NAME,
            SettingCatalog.CONSUMERS_TENANTS,
            SettingCatalog.CONSUMERS_FILTER_SUBJECT,
            SettingCatalog.CONSUMERS_ACK_WAIT,
            SettingCatalog.CONSUMERS_MAX_ACK_PENDING,
            SettingCatalog.CONSUMERS_MAX_DELIVER,
            SettingCatalog.CONSUMERS_BACKOFF);

    private final Given given;
    private final Set<Integer> indexes;

    ConsumerListReader(Given given, Set<String> keys) {
        this.given = given;
        this.indexes = ListIndexes.of("outbox.consumers", keys);
    }

    void check() {
        checkBackoff(SettingCatalog.CONSUMER_BACKOFF, SettingCatalog.CONSUMER_MAX_DELIVER);
        for (int index : indexes) {
            PARTS.forEach(part -> given.check(part.at(index)));
            checkFilter(index);
            checkBackoff(SettingCatalog.CONSUMERS_BACKOFF.at(index), SettingCatalog.CONSUMERS_MAX_DELIVER.at(index));
        }
    }

    /** A tenant's own prefix may be written out only where the tenant is named, and that is for the table to do. */
    private void checkFilter(int index) {
        Setting<String> filter = SettingCatalog.CONSUMERS_FILTER_SUBJECT.at(index);
        if (given.find(filter).filter(text -> text.startsWith("tenant.")).isPresent()) {
            given.report(
                    filter,
                    "it starts with 'tenant.', but it counts below each tenant's own prefix",
                    "Leave the prefix out: events.order.> for tenant.<id>.events.order.>.");
        }
    }

    private void checkBackoff(Setting<List<Duration>> backoff, Setting<Integer> maxDeliver) {
        List<Duration> pauses = given.find(backoff)
                .or(() -> given.find(SettingCatalog.CONSUMER_BACKOFF))
                .orElse(List.of());
        int most = given.find(maxDeliver)
                .or(() -> given.find(SettingCatalog.CONSUMER_MAX_DELIVER))
                .orElse(-1);
        if (most > 0 && pauses.size() > most) {
            given.report(
                    given.has(backoff) ? backoff : maxDeliver,
                    "there are " + pauses.size() + " pauses, but only " + most + " deliveries",
                    "Leave pauses out, or raise max-deliver.");
        }
    }

    ConsumerSettings settings() {
        List<ConsumerSettings.Entry> entries = new ArrayList<>();
        for (int index : indexes) {
            entries.add(new ConsumerSettings.Entry(
                    given.get(SettingCatalog.CONSUMERS_TENANTS.at(index)),
                    new ConsumerWish(
                            given.get(SettingCatalog.CONSUMERS_NAME.at(index)),
                            optional(SettingCatalog.CONSUMERS_FILTER_SUBJECT, index)
                                    .orElse(null),
                            optional(SettingCatalog.CONSUMERS_ACK_WAIT, index).orElse(null),
                            optional(SettingCatalog.CONSUMERS_MAX_ACK_PENDING, index)
                                    .orElse(null),
                            optional(SettingCatalog.CONSUMERS_MAX_DELIVER, index)
                                    .orElse(null),
                            optional(SettingCatalog.CONSUMERS_BACKOFF, index).orElse(null))));
        }
        return new ConsumerSettings(
                new ConsumerSettings.Defaults(
                        given.get(SettingCatalog.CONSUMER_ACK_WAIT),
                        given.get(SettingCatalog.CONSUMER_MAX_ACK_PENDING),
                        given.get(SettingCatalog.CONSUMER_MAX_DELIVER),
                        given.find(SettingCatalog.CONSUMER_BACKOFF).orElse(List.of())),
                entries);
    }

    private <T> Optional<T> optional(Setting<T> setting, int index) {
        return given.find(setting.at(index));
    }
}

package dev.outboxrelay.config;

import dev.outboxrelay.event.TenantPattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The types of the settings of durable consumers. */
final class ConsumerTypes {

    private static final int MOST = 1_000_000_000;

    private ConsumerTypes() {}

    static final SettingType<Duration> PAUSE = DurationText.between("1ms", "36500d");

    static final SettingType<Integer> BOUND = SettingTypes.parsed(
            "-1 or a whole number from 1 to " + MOST,
            text -> SettingTypes.whole(-1, MOST)
                    .parse(text)
                    .fold(Optional::of, why -> Optional.<Integer>empty())
                    .filter(bound -> bound != 0));

    static final SettingType<List<Duration>> BACKOFF =
            SettingTypes.parsed("durations separated by commas, such as 1s, 10s, 1m", ConsumerTypes::durations);

    static final SettingType<String> NAME =
            checked("printable ASCII without . * > / and \\", ConsumerWish::nameProblem);

    static final SettingType<String> FILTER =
            checked("a relative subject, wildcards allowed, such as events.order.>", ConsumerWish::filterProblem);

    static final SettingType<TenantPattern> TENANTS =
            SettingTypes.parsed("a tenant id or a pattern with *", TenantPattern::parse);

    private static SettingType<String> checked(String description, Function<String, Optional<String>> problem) {
        return SettingType.of(
                description,
                text -> problem.apply(text).<Parsed<String>>map(Parsed::bad).orElseGet(() -> Parsed.value(text)));
    }

    private static Optional<List<Duration>> durations(String text) {
        List<Duration> all = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            Optional<Duration> one = DurationText.parse(part.strip());
            if (one.isEmpty() || one.get().isNegative() || one.get().isZero()) {
                return Optional.empty();
            }
            all.add(one.get());
        }
        return Optional.of(List.copyOf(all));
    }
}

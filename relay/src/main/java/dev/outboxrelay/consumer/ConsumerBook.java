package dev.outboxrelay.consumer;

import dev.outboxrelay.config.ConsumerSettings;
import dev.outboxrelay.config.ConsumerWish;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.route.Address;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who asks for which durable consumers. Of one name, for one tenant, the first of these counts, whole: the tenant's own
 * row of {@code outbox.consumer}, the row for every tenant, the first fitting entry of {@code outbox.consumers}. What
 * it leaves out comes from {@code outbox.consumer-defaults}, never from the next.
 *
 * <p>A row that cannot be used is reported and ignored; the last good one of the same key stays.
 *
 * <p>Immutable.
 */
public final class ConsumerBook {

    private final ConsumerSettings settings;
    private final Naming naming;
    private final Map<String, Map<String, ConsumerRow>> rows;
    private final Map<String, String> problems;

    private ConsumerBook(
            ConsumerSettings settings,
            Naming naming,
            Map<String, Map<String, ConsumerRow>> rows,
            Map<String, String> problems) {
        this.settings = settings;
        this.naming = naming;
        this.rows = rows;
        this.problems = problems;
    }

    /** What the configuration alone asks for. */
    public static ConsumerBook of(ConsumerSettings settings, Naming naming) {
        return new ConsumerBook(settings, naming, Map.of(), Map.of());
    }

    /** With these rows and no others; of those that cannot be used the last good ones that this book has stay. */
    public ConsumerBook withRows(Collection<ConsumerRow> all) {
        Map<String, Map<String, ConsumerRow>> next = new HashMap<>();
        Map<String, String> bad = new TreeMap<>();
        for (ConsumerRow row : all) {
            Optional<String> problem = problem(row);
            problem.ifPresent(why -> bad.put(row.shown(), why));
            ConsumerRow good = problem.isEmpty()
                    ? row
                    : rows.getOrDefault(row.tenant(), Map.of()).get(row.wish().name());
            if (good != null) {
                next.computeIfAbsent(row.tenant(), tenant -> new TreeMap<>())
                        .put(row.wish().name(), good);
            }
        }
        return new ConsumerBook(settings, naming, next, bad);
    }

    /** With one row new or changed. */
    public ConsumerBook with(ConsumerRow row) {
        Map<String, String> bad = new TreeMap<>(problems);
        Optional<String> problem = problem(row);
        if (problem.isPresent()) {
            bad.put(row.shown(), problem.get());
            return new ConsumerBook(settings, naming, rows, bad);
        }
        bad.remove(row.shown());
        Map<String, ConsumerRow> ofTenant = new TreeMap<>(rows.getOrDefault(row.tenant(), Map.of()));
        ofTenant.put(row.wish().name(), row);
        return new ConsumerBook(settings, naming, replaced(row.tenant(), ofTenant), bad);
    }

    /** Without one row. The consumers that it made stay on the server. */
    public ConsumerBook without(String tenant, String name) {
        Map<String, String> bad = new TreeMap<>(problems);
        bad.remove(shown(tenant, name));
        Map<String, ConsumerRow> ofTenant = new TreeMap<>(rows.getOrDefault(tenant, Map.of()));
        ofTenant.remove(name);
        return new ConsumerBook(settings, naming, replaced(tenant, ofTenant), bad);
    }

    private Map<String, Map<String, ConsumerRow>> replaced(String tenant, Map<String, ConsumerRow> ofTenant) {
        Map<String, Map<String, ConsumerRow>> next = new HashMap<>(rows);
        if (ofTenant.isEmpty()) {
            next.remove(tenant);
        } else {
            next.put(tenant, ofTenant);
        }
        return next;
    }

    /** Why a row cannot be used. */
    private Optional<String> problem(ConsumerRow row) {
        Optional<String> shape = row.wish().problem(settings.defaults());
        if (shape.isPresent()) {
            return shape;
        }
        String filter = row.wish().filter();
        boolean prefixed = filter != null && filter.startsWith("tenant.");
        if (row.isForEvery()) {
            return prefixed
                    ? Optional.of("the filter subject starts with 'tenant.', but it counts below each tenant's prefix")
                    : Optional.empty();
        }
        Optional<Address> address = Address.of(row.tenant(), naming);
        if (address.isEmpty()) {
            return Optional.of("no stream can bear this tenant id");
        }
        return filter != null && prefixed && !filter.startsWith(address.get().prefix())
                ? Optional.of("the filter subject starts with 'tenant.' but not with '"
                        + address.get().prefix() + "', its own tenant's prefix")
                : Optional.empty();
    }

    /** The row that counts under this key. */
    public Optional<ConsumerRow> row(String tenant, String name) {
        return Optional.ofNullable(rows.getOrDefault(tenant, Map.of()).get(name));
    }

    /** Why this row cannot be used; empty if it can, or if there is none. */
    public Optional<String> problem(String tenant, String name) {
        return Optional.ofNullable(problems.get(shown(tenant, name)));
    }

    private static String shown(String tenant, String name) {
        return new ConsumerRow(tenant, new ConsumerWish(name, null, null, null, null, null)).shown();
    }

    /** What cannot be used and why, by row. */
    public Map<String, String> problems() {
        return Map.copyOf(problems);
    }

    /** The consumers that this tenant's stream should have, by name. */
    public List<ConsumerSpec> of(Address address) {
        String tenant = address.tenant().value();
        Map<String, ConsumerSpec> specs = new TreeMap<>();
        for (int i = 0; i < settings.consumers().size(); i++) {
            ConsumerSettings.Entry entry = settings.consumers().get(i);
            if (entry.tenants().matches(tenant)) {
                specs.putIfAbsent(entry.wish().name(), spec(entry.wish(), address, "outbox.consumers[" + i + "]"));
            }
        }
        for (String whose : List.of(ConsumerRow.EVERY, tenant)) {
            rows.getOrDefault(whose, Map.of())
                    .forEach((name, row) -> specs.put(name, spec(row.wish(), address, row.shown())));
        }
        return List.copyOf(specs.values());
    }

    /** Whether anybody is asked for at all: if not, nothing has to be looked at. */
    public boolean isEmpty() {
        return settings.consumers().isEmpty() && rows.isEmpty();
    }

    private ConsumerSpec spec(ConsumerWish wish, Address address, String origin) {
        ConsumerSettings.Defaults defaults = settings.defaults();
        return new ConsumerSpec(
                wish.name(),
                fullFilter(wish, address),
                Objects.requireNonNullElse(wish.ackWait(), defaults.ackWait()),
                Objects.requireNonNullElse(wish.maxAckPending(), defaults.maxAckPending()),
                Objects.requireNonNullElse(wish.maxDeliver(), defaults.maxDeliver()),
                Objects.requireNonNullElse(wish.backoff(), defaults.backoff()),
                origin);
    }

    private static @Nullable String fullFilter(ConsumerWish wish, Address address) {
        String filter = wish.filter();
        return filter == null || filter.startsWith(address.prefix()) ? filter : address.prefix() + filter;
    }
}

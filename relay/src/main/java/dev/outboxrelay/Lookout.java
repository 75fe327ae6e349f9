package dev.outboxrelay;

import dev.outboxrelay.admin.ConsumerStatus;
import dev.outboxrelay.admin.LagStatus;
import dev.outboxrelay.admin.TenantStatus;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.consumer.ConsumerBook;
import dev.outboxrelay.consumer.ConsumerSpec;
import dev.outboxrelay.lag.ConsumerFigures;
import dev.outboxrelay.lag.ConsumerLag;
import dev.outboxrelay.lag.DeadLetterCounts;
import dev.outboxrelay.lag.Finding;
import dev.outboxrelay.lag.LagReport;
import dev.outboxrelay.lag.LagWatch;
import dev.outboxrelay.lag.StreamLag;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.LaneSnapshot;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.streams.ConsumerProvisioner;
import dev.outboxrelay.telemetry.ConsumerReading;
import dev.outboxrelay.telemetry.Meters;
import dev.outboxrelay.telemetry.StreamReading;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the leader knows of its tenants beside their lanes: their consumers, those that should be there, their dead
 * letters. Brings together who looks and who makes. Any thread.
 */
final class Lookout implements LagWatch.Listener {

    private final Naming naming;
    private final Meters meters;
    private final InstantSource clock;
    private volatile ConsumerBook book;
    private volatile boolean bookIsRead;
    private volatile @Nullable ConsumerProvisioner provisioner;
    private volatile @Nullable DeadLetterCounts deadLetters;
    private volatile Supplier<Map<String, String>> streamFindings = Map::of;
    private volatile @Nullable LagReport report;
    private volatile @Nullable String error;

    Lookout(Settings settings, Meters meters, InstantSource clock) {
        this.naming = settings.naming();
        this.meters = meters;
        this.clock = clock;
        this.book = ConsumerBook.of(settings.consumers(), naming);
    }

    /**
     * This instance leads, and has these.
     *
     * @param ofStreams what is wrong with streams, by tenant
     */
    void begin(ConsumerProvisioner provisioning, DeadLetterCounts counts, Supplier<Map<String, String>> ofStreams) {
        provisioner = provisioning;
        deadLetters = counts;
        streamFindings = ofStreams;
    }

    /** It leads no longer. */
    void end() {
        provisioner = null;
        deadLetters = null;
        streamFindings = Map::of;
        report = null;
        error = null;
        bookIsRead = false;
        meters.consumersUnknown();
    }

    /** The book of consumers as it is known. */
    ConsumerBook book() {
        return book;
    }

    /** What is asked for has changed, for these tenants. Nothing is made before this was said once. */
    void book(ConsumerBook next, Predicate<String> tenants) {
        book = next;
        bookIsRead = true;
        ConsumerProvisioner making = provisioner;
        if (making != null) {
            making.book(next, tenants);
        }
    }

    /** Whether the relay may make what belongs to this tenant may have changed. */
    void provisionChanged(String tenant) {
        if (bookIsRead) {
            book(book, tenant::equals);
        }
    }

    /** A tenant's stream is there. */
    void attached(Address address) {
        ConsumerProvisioner making = provisioner;
        if (making != null) {
            making.attached(address);
        }
    }

    @Override
    public void looked(LagReport now) {
        report = now;
        error = null;
        meters.consumers(readings(now), now.took());
        meters.streams(streams(now));
        DeadLetterCounts counting = deadLetters;
        meters.deadLetters(
                counting == null
                        ? Map.of()
                        : counting.counts().map(this::byLabel).orElse(Map.of()));
        ConsumerProvisioner making = provisioner;
        if (making != null && bookIsRead) {
            now.streams()
                    .forEach(stream -> address(stream)
                            .ifPresent(address -> making.seen(
                                    address,
                                    stream.consumers().stream()
                                            .map(consumer -> consumer.figures().actual())
                                            .toList())));
        }
    }

    @Override
    public void unknown(String why) {
        error = why;
        meters.consumersUnknown();
    }

    /** The id of a dead letter may be anything: an empty one stands for all that are no tenant's. */
    private Map<Optional<String>, Long> byLabel(Map<String, Long> letters) {
        Map<Optional<String>, Long> all = new HashMap<>();
        letters.forEach((tenant, dead) -> all.merge(
                Address.of(tenant, naming).map(address -> address.tenant().value()), dead, Long::sum));
        return all;
    }

    private static List<StreamReading> streams(LagReport report) {
        return report.streams().stream()
                .map(StreamLag::figures)
                .map(stream -> new StreamReading(
                        stream.tenant(),
                        stream.stream(),
                        stream.messages(),
                        stream.fill().bytes(),
                        stream.fill().maxMessages(),
                        stream.fill().maxBytes(),
                        stream.fill().refuses()))
                .toList();
    }

    private static List<ConsumerReading> readings(LagReport report) {
        List<ConsumerReading> all = new ArrayList<>();
        for (StreamLag stream : report.streams()) {
            for (ConsumerLag consumer : stream.consumers()) {
                ConsumerFigures figures = consumer.figures();
                if (figures.durable()) {
                    all.add(new ConsumerReading(
                            stream.figures().tenant(),
                            stream.figures().stream(),
                            figures.name(),
                            figures.pending(),
                            figures.ackPending(),
                            figures.redelivered(),
                            consumer.has(Finding.Kind.STALLED),
                            consumer.has(Finding.Kind.ABSENT),
                            consumer.lost(),
                            consumer.givenUp().maxDeliveries()
                                    + consumer.givenUp().terminated()));
                }
            }
        }
        return all;
    }

    LagStatus lag() {
        LagReport known = report;
        return known == null
                ? new LagStatus(null, 0, 0, error)
                : new LagStatus(
                        known.at(),
                        known.took().toNanos() / 1e9,
                        known.streams().size(),
                        error);
    }

    /** All tenants that a lane, a stream or a dead letter is known of. */
    List<TenantStatus> tenants(Collection<LaneCell> cells) {
        LagReport known = report;
        Map<String, StreamLag> streams = new HashMap<>();
        if (known != null) {
            known.streams().forEach(stream -> streams.put(stream.figures().stream(), stream));
        }
        DeadLetterCounts counting = deadLetters;
        Optional<Map<String, Long>> dead = counting == null ? Optional.empty() : counting.counts();
        Map<String, String> findings = streamFindings.get();
        List<TenantStatus> all = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (LaneCell cell : cells) {
            LaneSnapshot lane = cell.snapshot();
            String tenant = lane.address().tenant().value();
            String stream = lane.address().stream().value();
            StreamLag lag = streams.get(stream);
            boolean own = lag != null && lag.figures().tenant().equals(tenant);
            if (own) {
                streams.remove(stream);
            }
            seen.add(tenant);
            all.add(TenantStatus.of(facts(cell, lane, dead(dead, tenant), lane.address(), own ? lag : null, findings)));
        }
        for (StreamLag stream : streams.values()) {
            String tenant = stream.figures().tenant();
            seen.add(tenant);
            all.add(TenantStatus.of(TenantStatus.Facts.idle(
                    tenant,
                    stream.figures().stream(),
                    stream.figures().last(),
                    dead(dead, tenant),
                    consumers(address(stream).orElse(null), stream))));
        }
        dead.orElse(Map.of()).forEach((tenant, letters) -> {
            if (!seen.contains(tenant)) {
                Address.of(tenant, naming)
                        .ifPresent(address -> all.add(TenantStatus.of(TenantStatus.Facts.idle(
                                tenant, address.stream().value(), 0, letters, consumers(address, null)))));
            }
        });
        return all;
    }

    private static @Nullable Long dead(Optional<Map<String, Long>> counts, String tenant) {
        return counts.map(known -> known.getOrDefault(tenant, 0L)).orElse(null);
    }

    private TenantStatus.Facts facts(
            LaneCell cell,
            LaneSnapshot lane,
            @Nullable Long dead,
            Address address,
            @Nullable StreamLag lag,
            Map<String, String> findings) {
        Failure trouble = lane.trouble();
        double age = lane.oldestMicros() == Long.MAX_VALUE
                ? 0
                : Math.max(0, clock.millis() - lane.oldestMicros() / 1_000) / 1_000.0;
        List<String> notes = new ArrayList<>();
        Optional.ofNullable(findings.get(address.tenant().value())).ifPresent(notes::add);
        Optional.ofNullable(problems(address).get(ConsumerProvisioner.ALL)).ifPresent(notes::add);
        return new TenantStatus.Facts(
                address.tenant().value(),
                address.stream().value(),
                lane.word(),
                cell.queued(),
                lane.inFlight(),
                cell.parked(),
                cell.published.sum(),
                cell.duplicates.sum(),
                cell.deadLettered.sum(),
                lane.lastSequence() == 0 ? null : lane.lastSequence(),
                age,
                trouble == null ? null : trouble.text(),
                dead,
                consumers(address, lag),
                notes);
    }

    private Map<String, String> problems(Address address) {
        ConsumerProvisioner making = provisioner;
        return making == null ? Map.of() : making.problems(address.stream().value());
    }

    private List<ConsumerStatus> consumers(@Nullable Address address, @Nullable StreamLag lag) {
        Map<String, String> problems = address == null ? new TreeMap<>() : new TreeMap<>(problems(address));
        problems.remove(ConsumerProvisioner.ALL);
        Set<String> wanted = address == null
                ? Set.of()
                : book.of(address).stream().map(ConsumerSpec::name).collect(Collectors.toSet());
        List<ConsumerStatus> all = new ArrayList<>();
        for (ConsumerLag consumer : lag == null ? List.<ConsumerLag>of() : lag.consumers()) {
            if (consumer.figures().durable()) {
                String name = consumer.figures().name();
                boolean unmanaged = bookIsRead && consumer.figures().actual().ours() && !wanted.contains(name);
                all.add(ConsumerPage.of(
                        consumer, problems.remove(name), unmanaged && lag != null ? lag.figures().stream() : null));
            }
        }
        problems.forEach((name, problem) -> all.add(ConsumerPage.absent(name, problem)));
        return all;
    }

    private Optional<Address> address(StreamLag stream) {
        return Address.of(stream.figures().tenant(), naming)
                .filter(address -> address.stream().value().equals(stream.figures().stream()));
    }
}

package dev.outboxrelay.lag;

import dev.outboxrelay.jetstream.Consumers;
import dev.outboxrelay.lane.ServerErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the consumers of all tenants' streams again and again.
 *
 * <p>One request brings the ends of 256 streams; then only those streams are asked for their consumers in which
 * something has moved or somebody is behind, and each of the others once in a while.
 *
 * <p>{@link #look} is for one thread.
 */
public final class LagWatch implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LagWatch.class);

    /** Every stream is asked at least once in so many looks: a consumer's configuration may have changed. */
    private static final int ROUNDS = 12;

    /** When so many streams have not answered, each in its time, the others that have moved wait for the next look. */
    private static final int MOST_UNANSWERED = 3;

    /** Who wants to know; called on the watch's thread. */
    public interface Listener {
        /** All streams, as they are now. */
        void looked(LagReport report);

        /** They could not be looked at. */
        void unknown(String why);
    }

    private final JetStreamManagement management;
    private final InstantSource clock;
    private final BooleanSupplier leads;
    private final Listener listener;
    private final Advisories advisories;
    private final Periodic periodic;
    private Map<String, StreamLag> known = Map.of();
    /** Streams that did not answer at the last look. */
    private Set<String> silent = Set.of();

    private int round;

    /**
     * Begins with {@link #start}, or with {@link #look} for those who look themselves.
     *
     * @param leads whether this instance leads: if not, nothing is asked
     * @param reader who reads the messages that consumers give up; null if they are only counted
     */
    public LagWatch(
            Connection connection,
            Duration interval,
            InstantSource clock,
            BooleanSupplier leads,
            Listener listener,
            @Nullable GivenUpReader reader)
            throws IOException {
        this.management = connection.jetStreamManagement();
        this.clock = clock;
        this.leads = leads;
        this.listener = listener;
        this.advisories = new Advisories(connection, clock, reader);
        this.periodic = new Periodic("outbox-lag", interval, this::tryLook);
    }

    public void start() {
        periodic.start();
    }

    private void tryLook() {
        if (!leads.getAsBoolean()) {
            return;
        }
        try {
            listener.looked(look());
        } catch (IOException | JetStreamApiException | IllegalStateException e) {
            listener.unknown(String.valueOf(e.getMessage())); // the last: the client is reconnecting
        }
    }

    /**
     * Looks once. A stream that does not answer stays as it was known: what was read of its consumers before is not
     * compared with how the stream is now, or messages would seem lost.
     *
     * @throws IOException when the streams cannot be listed, or nothing can be said of any
     */
    public LagReport look() throws IOException, JetStreamApiException {
        long begin = System.nanoTime();
        Instant now = clock.instant();
        Map<String, StreamLag> next = new HashMap<>();
        Set<String> unanswered = new HashSet<>();
        @Nullable Exception why = null;
        int asked = 0;
        int judged = 0;
        for (StreamFigures stream : streams()) {
            StreamLag before = known.get(stream.stream());
            if (before != null && !hasMoved(before, stream) && !isTurn(stream.stream())) {
                next.put(
                        stream.stream(),
                        judge(before, stream.with(before.figures().consumers()), now.toEpochMilli()));
                judged++;
                continue;
            }
            if (unanswered.size() < MOST_UNANSWERED) {
                try {
                    List<ConsumerFigures> consumers = consumers(stream.stream());
                    asked++;
                    judged++;
                    next.put(stream.stream(), judge(before, stream.with(consumers), now.toEpochMilli()));
                    continue;
                } catch (IOException | JetStreamApiException e) {
                    unanswered.add(stream.stream());
                    why = e;
                }
            } else if (silent.contains(stream.stream())) {
                unanswered.add(stream.stream());
            }
            if (before != null) {
                next.put(stream.stream(), before);
            }
        }
        if (why != null && judged == 0) {
            throw new IOException("no stream tells of its consumers: " + why.getMessage(), why);
        }
        say(unanswered, why);
        remember(next);
        return new LagReport(now, Duration.ofNanos(System.nanoTime() - begin), asked, List.copyOf(next.values()));
    }

    /** All tenants' streams; those that did not answer last time at the end, so that they keep nobody waiting. */
    private List<StreamFigures> streams() throws IOException, JetStreamApiException {
        List<StreamFigures> all = new ArrayList<>();
        for (StreamInfo info : management.getStreams("tenant.>")) {
            StreamFigures stream = stream(info);
            if (stream != null) {
                all.add(stream);
            }
        }
        all.sort(Comparator.comparing(stream -> silent.contains(stream.stream())));
        return all;
    }

    private void say(Set<String> unanswered, @Nullable Exception why) {
        if (why != null && silent.isEmpty()) {
            log.atWarn()
                    .addKeyValue("streams", unanswered.size())
                    .addKeyValue("stream", unanswered.iterator().next())
                    .addKeyValue("error", why.getMessage())
                    .log("streams do not tell of their consumers: the figures of before stand");
        }
        silent = unanswered;
    }

    private boolean isTurn(String stream) {
        return Math.floorMod(stream.hashCode() + round, ROUNDS) == 0;
    }

    private static boolean hasMoved(StreamLag before, StreamFigures now) {
        StreamFigures was = before.figures();
        return was.last() != now.last()
                || was.first() != now.first()
                || was.messages() != now.messages()
                || was.consumerCount() != now.consumerCount()
                || !was.consumers().stream().allMatch(ConsumerFigures::isQuiet);
    }

    private StreamLag judge(@Nullable StreamLag before, StreamFigures now, long millis) {
        Map<String, ConsumerLag> earlier = before == null
                ? Map.of()
                : before.consumers().stream()
                        .collect(Collectors.toMap(
                                consumer -> consumer.figures().name(), Function.identity(), (a, b) -> a));
        List<ConsumerLag> judged = new ArrayList<>();
        for (ConsumerFigures figures : now.consumers()) {
            GivenUp givenUp = advisories.of(now.stream(), figures.name());
            judged.add(ConsumerLag.of(earlier.get(figures.name()), now, figures, givenUp, millis));
        }
        return new StreamLag(now, judged);
    }

    /** A stream that the server left out once, because nobody answered for it, is not begun anew. */
    private void remember(Map<String, StreamLag> seen) {
        if (round++ % ROUNDS == 0) {
            known = seen;
            forget(seen);
            return;
        }
        Map<String, StreamLag> all = new HashMap<>(known);
        all.putAll(seen);
        known = all;
    }

    private void forget(Map<String, StreamLag> streams) {
        Set<String> keys = new HashSet<>();
        streams.forEach((name, stream) -> stream.consumers()
                .forEach(consumer ->
                        keys.add(Advisories.key(name, consumer.figures().name()))));
        advisories.retain(keys);
    }

    private static @Nullable StreamFigures stream(StreamInfo info) {
        String tenant = Consumers.tenant(info.getConfiguration()).orElse(null);
        if (tenant == null || !info.getConfiguration().getName().startsWith("TENANT_")) {
            return null;
        }
        String everything = info.getConfiguration().getSubjects().stream()
                .filter(subject -> subject.startsWith("tenant.") && subject.endsWith(".>"))
                .findFirst()
                .orElse(">");
        var state = info.getStreamState();
        var limits = info.getConfiguration();
        return new StreamFigures(
                info.getConfiguration().getName(),
                tenant,
                everything,
                state.getFirstSequence(),
                state.getLastSequence(),
                state.getMsgCount(),
                state.getConsumerCount(),
                new StreamFill(
                        state.getByteCount(),
                        limits.getMaxMsgs(),
                        limits.getMaxBytes(),
                        limits.getDiscardPolicy() == DiscardPolicy.New),
                List.of());
    }

    private List<ConsumerFigures> consumers(String stream) throws IOException, JetStreamApiException {
        try {
            return management.getConsumers(stream).stream()
                    .map(LagWatch::figures)
                    .toList();
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.STREAM_NOT_FOUND) {
                return List.of(); // deleted a moment ago
            }
            throw e;
        }
    }

    private static ConsumerFigures figures(ConsumerInfo info) {
        String durable = info.getConsumerConfiguration().getDurable();
        return new ConsumerFigures(
                info.getName(),
                durable != null && !durable.isEmpty(),
                info.getCreationTime() == null
                        ? Instant.EPOCH
                        : info.getCreationTime().toInstant(),
                info.getNumPending(),
                info.getNumAckPending(),
                info.getRedelivered(),
                info.getNumWaiting(),
                info.getDelivered().getStreamSequence(),
                info.getDelivered().getConsumerSequence(),
                info.getAckFloor().getStreamSequence(),
                info.isPushBound(),
                info.getPaused(),
                Consumers.actual(info));
    }

    @Override
    public void close() {
        periodic.close();
        advisories.close();
    }
}

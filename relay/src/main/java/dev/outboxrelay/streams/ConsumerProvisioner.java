package dev.outboxrelay.streams;

import dev.outboxrelay.consumer.ConsumerActual;
import dev.outboxrelay.consumer.ConsumerBook;
import dev.outboxrelay.consumer.ConsumerPlan;
import dev.outboxrelay.consumer.ConsumerSpec;
import dev.outboxrelay.jetstream.Consumers;
import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.ReplayPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes durable consumers as the {@link ConsumerBook} wants them, on threads of its own: a consumer that cannot be made
 * delays no event. It never deletes one. Thread-safe.
 */
public final class ConsumerProvisioner implements AutoCloseable {

    /** The name under which a problem of all a stream's consumers is told. */
    public static final String ALL = "*";

    private static final Logger log = LoggerFactory.getLogger(ConsumerProvisioner.class);
    private static final int THREADS = 2;
    private static final long FIRST_PAUSE_MILLIS = 1_000;
    private static final long LONGEST_PAUSE_MILLIS = 60_000;

    private final JetStreamManagement management;
    private final BooleanSupplier mayAct;
    private final Predicate<String> manages;
    private final ScheduledThreadPoolExecutor workers;
    private final Map<String, Home> homes = new ConcurrentHashMap<>();
    private volatile @Nullable ConsumerBook book;

    /** A stream that is known to exist, and what is wrong with its consumers. */
    private static final class Home {
        private final Address address;
        private volatile Map<String, String> problems = Map.of();
        private long pauseMillis = FIRST_PAUSE_MILLIS;
        private boolean queued;
        private boolean running;

        Home(Address address) {
            this.address = address;
        }
    }

    /**
     * Begins without a book: nothing is made before there is one.
     *
     * @param mayAct whether this instance may still change anything
     * @param manages whether the relay makes and changes what belongs to this tenant, by its raw id; if not, what is
     *     missing or differs is only told of
     */
    public ConsumerProvisioner(Connection connection, BooleanSupplier mayAct, Predicate<String> manages)
            throws IOException {
        this.management = connection.jetStreamManagement();
        this.mayAct = mayAct;
        this.manages = manages;
        this.workers = new ScheduledThreadPoolExecutor(THREADS, task -> {
            Thread thread = new Thread(task, "consumer-provisioner");
            thread.setDaemon(true);
            return thread;
        });
        workers.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** The stream is there. */
    public void attached(Address address) {
        look(homes.computeIfAbsent(address.stream().value(), stream -> new Home(address)));
    }

    /** Other consumers are wanted; the streams of those tenants for whom that is true are looked at. */
    public void book(ConsumerBook next, Predicate<String> tenants) {
        book = next;
        homes.values().stream()
                .filter(home -> tenants.test(home.address.tenant().value()))
                .forEach(this::look);
    }

    /** The stream was seen with these consumers; looks closer where one is missing or is not as it should be. */
    public void seen(Address address, List<ConsumerActual> consumers) {
        List<ConsumerSpec> specs = wanted(address);
        Home known = homes.computeIfAbsent(address.stream().value(), stream -> new Home(address));
        Map<String, String> problems = known.problems;
        if (specs.isEmpty() && problems.isEmpty()) {
            return;
        }
        Map<String, ConsumerActual> byName =
                consumers.stream().collect(Collectors.toMap(ConsumerActual::name, Function.identity(), (a, b) -> a));
        Set<String> explained = new HashSet<>();
        for (ConsumerSpec spec : specs) {
            ConsumerPlan plan = plan(address, spec, byName.get(spec.name()));
            boolean isKnown = isKnown(known, spec, plan, problems.get(spec.name()));
            if (isKnown) {
                explained.add(spec.name());
            } else if (!(plan instanceof ConsumerPlan.Nothing)) {
                look(known);
                return;
            }
        }
        if (!explained.containsAll(problems.keySet())) {
            look(known); // somebody has mended something
        }
    }

    /** Whether nothing is to be done about it now: only a person can, or it is tried again anyway. */
    private boolean isKnown(Home home, ConsumerSpec spec, ConsumerPlan plan, @Nullable String problem) {
        if (problem == null || plan instanceof ConsumerPlan.Nothing) {
            return false;
        }
        if (plan instanceof ConsumerPlan.Conflict conflict) {
            return conflict.text().equals(problem);
        }
        if (!manages.test(home.address.tenant().value())) {
            return leftAlone(spec, plan).equals(problem);
        }
        synchronized (home) {
            return home.queued;
        }
    }

    /** What is wrong with a stream's consumers, by name. */
    public Map<String, String> problems(String stream) {
        Home home = homes.get(stream);
        return home == null ? Map.of() : home.problems;
    }

    private void look(Home home) {
        if (wanted(home.address).isEmpty() && home.problems.isEmpty()) {
            return;
        }
        synchronized (home) {
            if (home.queued && home.pauseMillis == FIRST_PAUSE_MILLIS) {
                return;
            }
            home.queued = true;
            if (home.running) {
                return; // whoever works on it goes on with it: never two at once, or the older book could win
            }
        }
        submit(home, 0);
    }

    private void submit(Home home, long delayMillis) {
        try {
            ScheduledFuture<?> unused = workers.schedule(() -> work(home), delayMillis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.atDebug().addKeyValue("stream", home.address.stream()).log("stopping: consumers are not looked at");
        }
    }

    private void work(Home home) {
        synchronized (home) {
            if (home.running || !home.queued) {
                return;
            }
            home.queued = false;
            home.running = true;
        }
        boolean done = !mayAct.getAsBoolean() || provision(home);
        finished(home, done);
    }

    private boolean provision(Home home) {
        Map<String, String> problems = new TreeMap<>();
        boolean done;
        try {
            done = provision(home.address, problems);
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.STREAM_NOT_FOUND) {
                homes.remove(home.address.stream().value(), home); // its lane makes it again, and then it is attached
                return true;
            }
            problems.put(ALL, "the consumers cannot be looked at: " + text(e));
            done = false;
        } catch (IOException | RuntimeException e) {
            problems.put(ALL, "the consumers cannot be looked at: " + e.getMessage());
            done = false;
        }
        say(home, problems);
        home.problems = Map.copyOf(problems);
        return done;
    }

    private void finished(Home home, boolean done) {
        long delay = 0;
        synchronized (home) {
            home.running = false;
            if (done) {
                home.pauseMillis = FIRST_PAUSE_MILLIS;
            } else if (!home.queued) {
                home.queued = true;
                delay = home.pauseMillis;
                home.pauseMillis = Math.min(2 * delay, LONGEST_PAUSE_MILLIS);
            }
            if (!home.queued) {
                return;
            }
        }
        submit(home, delay);
    }

    /** Whether nothing has to be tried again. */
    private boolean provision(Address address, Map<String, String> problems) throws IOException, JetStreamApiException {
        List<ConsumerSpec> specs = wanted(address);
        if (specs.isEmpty()) {
            return true;
        }
        String stream = address.stream().value();
        Map<String, ConsumerInfo> there = management.getConsumers(stream).stream()
                .collect(Collectors.toMap(ConsumerInfo::getName, Function.identity(), (a, b) -> a));
        boolean done = true;
        for (ConsumerSpec spec : specs) {
            ConsumerInfo info = there.get(spec.name());
            ConsumerPlan plan = plan(address, spec, info == null ? null : Consumers.actual(info));
            if (plan instanceof ConsumerPlan.Conflict conflict) {
                problems.put(spec.name(), conflict.text());
            } else if (!(plan instanceof ConsumerPlan.Nothing)
                    && !manages.test(address.tenant().value())) {
                problems.put(spec.name(), leftAlone(spec, plan));
            } else if (!(plan instanceof ConsumerPlan.Nothing)) {
                done &= change(address, spec, info, plan, problems);
            }
        }
        return done;
    }

    private static String leftAlone(ConsumerSpec spec, ConsumerPlan plan) {
        String what = plan instanceof ConsumerPlan.Update update
                ? String.join("; ", update.differences())
                : spec.origin() + " asks for it, and there is none";
        return what + ". Somebody else provisions this tenant: the relay changes nothing";
    }

    private List<ConsumerSpec> wanted(Address address) {
        ConsumerBook known = book;
        return known == null ? List.of() : known.of(address);
    }

    private static ConsumerPlan plan(Address address, ConsumerSpec spec, @Nullable ConsumerActual actual) {
        return ConsumerPlan.of(address.stream().value(), address.subjects(), spec, actual);
    }

    private boolean change(
            Address address,
            ConsumerSpec spec,
            @Nullable ConsumerInfo info,
            ConsumerPlan plan,
            Map<String, String> problems)
            throws IOException {
        String stream = address.stream().value();
        try {
            if (info == null) {
                ConsumerInfo unused = management.createConsumer(stream, configuration(address, spec, null));
            } else {
                ConsumerInfo unused = management.updateConsumer(
                        stream, configuration(address, spec, info.getConsumerConfiguration()));
            }
        } catch (JetStreamApiException e) {
            problems.put(
                    spec.name(),
                    "it cannot be " + (info == null ? "created" : "changed") + " as " + spec.origin() + " says: "
                            + text(e));
            return false;
        }
        log.atInfo()
                .addKeyValue("tenant", address.tenant())
                .addKeyValue("stream", stream)
                .addKeyValue("consumer", spec.name())
                .addKeyValue("wantedBy", spec.origin())
                .log(
                        plan instanceof ConsumerPlan.Update update
                                ? "consumer changed: " + String.join("; ", update.differences())
                                : "consumer created");
        return true;
    }

    /** What others have set and nobody here speaks of stays as it is. */
    private static ConsumerConfiguration configuration(
            Address address, ConsumerSpec spec, @Nullable ConsumerConfiguration is) {
        ConsumerConfiguration.Builder builder = is == null
                ? ConsumerConfiguration.builder()
                        .deliverPolicy(DeliverPolicy.All)
                        .ackPolicy(AckPolicy.Explicit)
                        .replayPolicy(ReplayPolicy.Instant)
                        .metadata(Map.of(Consumers.TENANT, address.tenant().value()))
                : ConsumerConfiguration.builder(is);
        List<String> filters = spec.filter() == null ? List.of() : List.of(spec.filter());
        return builder.durable(spec.name())
                .name(spec.name())
                .filterSubjects(filters)
                .ackWait(spec.effectiveAckWait())
                .maxAckPending(spec.maxAckPending())
                .maxDeliver(spec.maxDeliver())
                .backoff(spec.backoff().toArray(Duration[]::new))
                .build();
    }

    private static String text(JetStreamApiException e) {
        return e.getErrorDescription() + " [" + e.getApiErrorCode() + "]";
    }

    private static void say(Home home, Map<String, String> problems) {
        Map<String, String> before = home.problems;
        problems.forEach((name, problem) -> {
            if (!problem.equals(before.get(name))) {
                log.atWarn()
                        .addKeyValue("tenant", home.address.tenant())
                        .addKeyValue("stream", home.address.stream())
                        .addKeyValue("consumer", name)
                        .addKeyValue("problem", problem)
                        .log("a consumer is not as it should be");
            }
        });
    }

    @Override
    public void close() {
        workers.shutdownNow();
    }
}

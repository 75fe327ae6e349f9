package dev.outboxrelay.streams;

import dev.outboxrelay.config.AtomicBatches;
import dev.outboxrelay.config.Provision;
import dev.outboxrelay.config.StreamSettings;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.Look;
import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.lane.StreamTail;
import dev.outboxrelay.policy.StreamPlan;
import dev.outboxrelay.policy.TenantPolicy;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Attaches lanes to their streams, makes streams that are missing, and keeps them as their policies are.
 *
 * <p>Looking at a stream and making or changing one have threads of their own, so that a thousand new tenants do not
 * keep a lane from looking at a stream that exists; no more than the configured number is made at the same time.
 * Changes are noticed by the server's advisories, and by comparing all streams now and then. Thread-safe.
 */
public final class StreamAttacher implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(StreamAttacher.class);

    private static final String ADVISORY = "$JS.EVENT.ADVISORY.STREAM.";
    private static final int LOOKERS = 8;
    private static final int LOCKS = 64;

    /** Where nobody has to be asked, a batch is staged for nothing: on one replica it was slower than single events. */
    private static final int LEAST_REPLICAS = 2;

    private static final String BATCHES_SINCE = "2.12.0";

    /** How often a stream that somebody else keeps changing is put back before it is left as it is. */
    private static final int MOST_MENDS = 3;

    private final StreamDirectory directory;
    private final Function<String, TenantPolicy> policies;
    private final ExecutorService lookers;
    private final ExecutorService makers;
    private final ScheduledExecutorService sweeper;
    private final Connection connection;
    private final Dispatcher advisories;
    /** Streams that lanes were attached to, or that are being looked after, by name. */
    private final Map<String, Address> known = new ConcurrentHashMap<>();
    /** Streams that are going to be compared; what is asked meanwhile is answered by that. */
    private final Set<String> due = ConcurrentHashMap.newKeySet();

    private final Set<String> deliberate = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> mends = new ConcurrentHashMap<>();
    private final Map<String, String> findings = new ConcurrentHashMap<>();
    private final Object[] locks = new Object[LOCKS];
    private final boolean batchesWanted;
    private volatile BiConsumer<Address, Boolean> onBatches = (address, taken) -> {};

    /** Receives the answer, on a thread of the attacher's own; it must not block. */
    public interface Answer {
        /**
         * The stream is there and ends like this.
         *
         * @param batches whether it takes atomic batches
         */
        void attached(StreamTail tail, boolean batches);

        /**
         * It is not to be had now.
         *
         * @param absent whether the server said that there is none
         */
        void failed(Failure failure, boolean absent);
    }

    /**
     * Begins to listen.
     *
     * @param policies what holds for a tenant at this moment
     * @param created called once for each stream that was created
     */
    public StreamAttacher(
            Connection connection, StreamSettings settings, Function<String, TenantPolicy> policies, Runnable created)
            throws IOException {
        this.connection = connection;
        this.directory = new StreamDirectory(connection, created);
        this.policies = policies;
        this.batchesWanted = settings.atomicBatches() == AtomicBatches.AUTO;
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new Object();
        }
        this.lookers = pool("stream-attacher", LOOKERS);
        this.makers = pool("stream-maker", settings.createConcurrency());
        this.sweeper = Executors.newSingleThreadScheduledExecutor(task -> thread(task, "stream-sweeper"));
        long pause = settings.checkInterval().toMillis();
        ScheduledFuture<?> unused = sweeper.scheduleWithFixedDelay(this::sweep, pause, pause, TimeUnit.MILLISECONDS);
        this.advisories = connection.createDispatcher(message -> changedByServer(message.getSubject()));
        advisories.subscribe(ADVISORY + "UPDATED.>").subscribe(ADVISORY + "DELETED.>");
    }

    private static ExecutorService pool(String name, int threads) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads, threads, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> thread(task, name));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static Thread thread(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Begins to attach and returns at once. */
    public void attach(Address address, Look look, Answer answer) {
        in(lookers, answer, () -> look(address, look, answer));
    }

    /** A tenant's policy was changed: its stream, if there is one, gets the shape that it has now. Returns at once. */
    public void policyChanged(Address address) {
        String stream = address.stream().value();
        known.putIfAbsent(stream, address);
        mends.remove(stream);
        deliberate.add(stream);
        compareSoon(address);
    }

    /** Has somebody told whether a stream takes atomic batches, whenever it was compared; one listener. */
    public void onBatches(BiConsumer<Address, Boolean> listener) {
        onBatches = listener;
    }

    /** Whether events of a stream may be sent together: its leader has said so. */
    private boolean takesBatches(StreamInfo info) {
        return batchesWanted
                && info.getConfiguration().getAllowAtomicPublish()
                && info.getConfiguration().getReplicas() >= LEAST_REPLICAS;
    }

    /** Whether a stream is to be set up for atomic batches. */
    private boolean wantsBatches(TenantPolicy policy) {
        return batchesWanted
                && policy.stream().replicas() >= LEAST_REPLICAS
                && connection.getServerInfo().isSameOrNewerThanVersion(BATCHES_SINCE);
    }

    /** What is wrong with streams, in words, by tenant. */
    public Map<String, String> findings() {
        return Map.copyOf(findings);
    }

    private void look(Address address, Look look, Answer answer) throws IOException, JetStreamApiException {
        StreamInfo info = directory.find(address);
        if (info == null) {
            in(makers, answer, () -> make(address, look, answer));
            return;
        }
        try {
            StreamDirectory.verifyOwner(address, info);
        } catch (StreamDirectory.NotOurs e) {
            answer.failed(e.failure(), false);
            return;
        }
        known.put(address.stream().value(), address);
        TenantPolicy policy = policies.apply(address.tenant().value());
        if (needsSomething(plan(policy, address, info, false))) {
            compareSoon(address); // the lane need not wait for it
        } else {
            fits(address);
        }
        answer.attached(directory.tail(address, info, look), takesBatches(info));
    }

    private void make(Address address, Look look, Answer answer) throws IOException, JetStreamApiException {
        StreamInfo info;
        synchronized (lock(address)) {
            TenantPolicy policy = policies.apply(address.tenant().value());
            StreamPlan plan = StreamPlan.of(policy.stream(), policy.provision(), null, false, wantsBatches(policy));
            if (policy.paused()) {
                answer.failed(trouble("paused", "the tenant is paused, and has no stream yet"), true);
                return;
            }
            if (plan.act() != StreamPlan.Act.CREATE) {
                answer.failed(
                        trouble(
                                "not_provisioned",
                                "stream " + address.stream() + ": "
                                        + plan.conflicts().get(0)),
                        true);
                return;
            }
            try {
                info = directory.create(address, plan.target(), plan.batches());
            } catch (JetStreamApiException e) {
                answer.failed(failure(e), true);
                return;
            }
        }
        try {
            StreamDirectory.verifyOwner(address, info);
        } catch (StreamDirectory.NotOurs e) {
            answer.failed(e.failure(), false);
            return;
        }
        known.put(address.stream().value(), address);
        fits(address);
        answer.attached(directory.tail(address, info, look), takesBatches(info));
    }

    private static Failure trouble(String cause, String text) {
        return new Failure(Failure.Kind.TENANT_TROUBLE, cause, text);
    }

    /** Something that asks the server. */
    private interface Talk {
        void run() throws IOException, JetStreamApiException;
    }

    private static void in(ExecutorService pool, Answer answer, Talk talk) {
        try {
            pool.execute(() -> {
                try {
                    talk.run();
                } catch (JetStreamApiException e) {
                    answer.failed(failure(e), false);
                } catch (IOException | RuntimeException e) {
                    answer.failed(Failure.doubt("attach", "the stream cannot be looked at: " + e.getMessage()), false);
                }
            });
        } catch (RejectedExecutionException e) {
            answer.failed(Failure.doubt("stopping", "the relay is stopping"), false);
        }
    }

    private static Failure failure(JetStreamApiException e) {
        return ServerErrors.of(e.getApiErrorCode(), String.valueOf(e.getErrorDescription()));
    }

    private StreamPlan plan(TenantPolicy policy, Address address, StreamInfo info, boolean asked) {
        return StreamPlan.of(
                policy.stream(), policy.provision(), StreamShapes.of(address, info), asked, wantsBatches(policy));
    }

    private static boolean needsSomething(StreamPlan plan) {
        return plan.act() != StreamPlan.Act.NOTHING;
    }

    private Object lock(Address address) {
        return locks[Math.floorMod(address.stream().value().hashCode(), LOCKS)];
    }

    private void compareSoon(Address address) {
        String stream = address.stream().value();
        if (!due.add(stream)) {
            return;
        }
        try {
            makers.execute(() -> {
                due.remove(stream); // whoever asks from now on wants another look
                compare(address);
            });
        } catch (RejectedExecutionException e) {
            due.remove(stream);
        }
    }

    /** One at a time for a stream, each with the policy as it is then: the last one has the last word. */
    private void compare(Address address) {
        synchronized (lock(address)) {
            String stream = address.stream().value();
            boolean asked = deliberate.remove(stream);
            try {
                StreamInfo info = directory.find(address);
                if (info == null) {
                    findings.remove(address.tenant().value());
                    return; // it is made when there is something to put into it
                }
                StreamDirectory.verifyOwner(address, info);
                carryOut(address, info, asked);
            } catch (StreamDirectory.NotOurs e) {
                finding(address, e.failure().text());
            } catch (JetStreamApiException e) {
                finding(
                        address,
                        "it cannot be changed as its policy says: " + failure(e).text());
            } catch (IOException | RuntimeException e) {
                // the next sweep, or the next word of the server, tries again
                log.atDebug()
                        .addKeyValue("stream", stream)
                        .addKeyValue("error", e.getMessage())
                        .log("a stream cannot be compared with its policy now");
                if (asked) {
                    deliberate.add(stream);
                }
            }
        }
    }

    private void carryOut(Address address, StreamInfo info, boolean asked) throws IOException, JetStreamApiException {
        TenantPolicy policy = policies.apply(address.tenant().value());
        StreamPlan plan = plan(policy, address, info, asked);
        StreamInfo now = info;
        if (plan.act() == StreamPlan.Act.UPDATE) {
            boolean batches = plan.batches() && !info.getConfiguration().getAllowAtomicPublish();
            if ((plan.drift() || batches) && mends.merge(address.stream().value(), 1, Integer::sum) > MOST_MENDS) {
                finding(address, "somebody keeps changing it, and it is left as it is: " + plan.changes());
                return;
            }
            now = directory.update(info, plan.target(), StreamPlan.mark(policy.stream()), plan.batches());
            if (!plan.changes().isEmpty()) {
                log.atLevel(plan.drift() ? Level.WARN : Level.INFO)
                        .addKeyValue("tenant", address.tenant())
                        .addKeyValue("stream", address.stream())
                        .addKeyValue("detail", plan.changes())
                        .log(
                                plan.drift()
                                        ? "somebody changed the stream: put back as its policy says"
                                        : "the stream is changed as its policy says");
            }
        }
        onBatches.accept(address, takesBatches(now));
        if (plan.conflicts().isEmpty()) {
            fits(address);
        } else {
            finding(address, String.join("; ", plan.conflicts()));
        }
    }

    private void fits(Address address) {
        if (findings.remove(address.tenant().value()) != null) {
            log.atInfo()
                    .addKeyValue("tenant", address.tenant())
                    .addKeyValue("stream", address.stream())
                    .log("the stream fits its policy again");
        }
    }

    /** Says it once as long as it stays the same. */
    private void finding(Address address, String text) {
        String said = findings.put(address.tenant().value(), "stream " + address.stream() + ": " + text);
        if (said == null || !said.endsWith(": " + text)) {
            log.atWarn()
                    .addKeyValue("tenant", address.tenant())
                    .addKeyValue("stream", address.stream())
                    .addKeyValue("detail", text)
                    .log("the stream does not fit its policy");
        }
    }

    private void changedByServer(String subject) {
        String rest = subject.substring(ADVISORY.length());
        Address address = known.get(rest.substring(rest.indexOf('.') + 1));
        if (address == null) {
            return;
        }
        if (rest.startsWith("UPDATED")) {
            compareSoon(address);
        } else {
            gone(address);
        }
    }

    private void gone(Address address) {
        if (known.remove(address.stream().value()) != null) {
            findings.remove(address.tenant().value());
            log.atWarn()
                    .addKeyValue("tenant", address.tenant())
                    .addKeyValue("stream", address.stream())
                    .log("somebody deleted the stream, with all that was in it: another one is made for the next"
                            + " event, if its policy lets the relay do that");
        }
    }

    /** What the server's advisories did not tell, or nobody heard. */
    private void sweep() {
        try {
            Set<String> missing = new HashSet<>(known.keySet());
            mends.clear();
            for (StreamInfo info : directory.all()) {
                Address address = known.get(info.getConfiguration().getName());
                if (address != null) {
                    missing.remove(info.getConfiguration().getName());
                    TenantPolicy policy = policies.apply(address.tenant().value());
                    if (policy.provision() != Provision.OFF && needsSomething(plan(policy, address, info, false))) {
                        compareSoon(address);
                    } else {
                        fits(address);
                    }
                }
            }
            for (String stream : missing) {
                Address address = known.get(stream);
                if (address != null && directory.find(address) == null) {
                    gone(address);
                }
            }
        } catch (IOException | JetStreamApiException | RuntimeException e) {
            log.atDebug().addKeyValue("error", e.getMessage()).log("streams cannot be compared now");
        }
    }

    @Override
    public void close() {
        try {
            connection.closeDispatcher(advisories);
        } catch (IllegalArgumentException | IllegalStateException e) {
            log.atDebug().addKeyValue("error", e.getMessage()).log("the connection is closed already");
        }
        sweeper.shutdownNow();
        lookers.shutdownNow();
        makers.shutdownNow();
    }
}

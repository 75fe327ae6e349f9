package dev.outboxrelay.lab.torture;

import dev.outboxrelay.lab.HandedOver;
import dev.outboxrelay.testing.Await;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What happens to tenants' streams, beside everything else, each to another tenant.
 *
 * <p>An operator who deletes a stream takes away what tells the relay which events it had sent. So the one here is
 * careful: first nothing more gets into the stream (it is sealed, or full, or the application is silent), then the slot
 * is confirmed, on disk, up to behind that moment, then no letter may be open whose event is in the stream. Only then
 * is it archived and deleted, while all servers are there.
 */
final class StreamFaults implements AutoCloseable {

    /** How many at a time. */
    private static final int MOST = 4;

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int SMALL_MESSAGE = 520;
    private static final int JETSTREAM_NOT_FOUND = 10059;
    private static final long POLL_MILLIS = 150;

    private final Stage stage;
    private final Report report;
    private final Tenants tenants;
    private final Writers writers;
    private final Operators operators;
    private final Connection client;
    private final JetStreamManagement management;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "stream-fault");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Future<?>> underWay = new HashMap<>();
    private final Map<String, List<StreamContents>> archives = new ConcurrentHashMap<>();
    private final Set<String> limited = ConcurrentHashMap.newKeySet();
    private final AtomicLong parked = new AtomicLong();

    StreamFaults(Stage stage, Report report, Tenants tenants, Writers writers, Operators operators) throws IOException {
        this.stage = stage;
        this.report = report;
        this.tenants = tenants;
        this.writers = writers;
        this.operators = operators;
        try {
            client = stage.nats().connection();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        management = client.jetStreamManagement();
    }

    /** Begins one and returns at once, unless too much is under way. */
    void begin(String number, Fault.OfStream fault) throws InterruptedException {
        awaitFewerThan(MOST);
        String tenant = choose(fault);
        if (tenant == null) {
            report.line(number + "no stream to be " + fault.text());
            return;
        }
        report.faulted(fault);
        report.line(number + "stream of " + tenant + ": " + fault.text());
        underWay.put(tenant, threads.submit(() -> {
            carryOut(number, fault, tenant);
            return null;
        }));
    }

    /** Waits until all is over. */
    void finish() throws InterruptedException {
        awaitFewerThan(1);
    }

    private void awaitFewerThan(int most) throws InterruptedException {
        while (true) {
            for (Map.Entry<String, Future<?>> one : Map.copyOf(underWay).entrySet()) {
                if (one.getValue().isDone()) {
                    underWay.remove(one.getKey());
                    result(one.getValue());
                }
            }
            if (underWay.size() < most) {
                return;
            }
            stage.revive(report);
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private static void result(Future<?> done) throws InterruptedException {
        try {
            Object unused = done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Stage.Stalled stalled) {
                throw stalled;
            }
            throw new IllegalStateException("a stream's fault could not be carried out", e.getCause());
        }
    }

    /** The first from the fault's place on whose stream holds something and suffers nothing. */
    private @Nullable String choose(Fault.OfStream fault) {
        List<String> names = tenants.names();
        for (int i = 0; i < names.size(); i++) {
            String tenant = names.get((fault.place() + i) % names.size());
            if (!underWay.containsKey(tenant) && !isSpared(tenant, fault)) {
                StreamInfo info = insist("stream " + stream(tenant) + " can be looked up", () -> look(stream(tenant)))
                        .info();
                if (info != null && info.getStreamState().getMsgCount() > 0) {
                    return tenant;
                }
            }
        }
        return null;
    }

    /** One owns a name that somebody else would get, and the stream of another one is not as the relay makes it. */
    private static boolean isSpared(String tenant, Fault.OfStream fault) {
        boolean replaced = fault instanceof Fault.SealStream
                || fault instanceof Fault.DeleteFullStream
                || fault instanceof Fault.DeleteQuietStream;
        return (tenant.equals(Tenants.OWNER) && replaced)
                || (tenant.equals(Tenants.LIMITED) && (replaced || fault instanceof Fault.LimitStream));
    }

    private void carryOut(String number, Fault.OfStream fault, String tenant) throws Exception {
        if (fault instanceof Fault.FillStream fill) {
            change(number, tenant, fill.length(), StreamFaults::full);
        } else if (fault instanceof Fault.CrampStream cramp) {
            change(
                    number,
                    tenant,
                    cramp.length(),
                    info -> HandedOver.builder(info.getConfiguration())
                            .discardPolicy(DiscardPolicy.New)
                            .maxBytes(Math.max(1, info.getStreamState().getByteCount()))
                            .build());
        } else if (fault instanceof Fault.LimitStream limit) {
            limited.add(tenant);
            change(
                    number,
                    tenant,
                    limit.length(),
                    info -> HandedOver.builder(info.getConfiguration())
                            .maximumMessageSize(SMALL_MESSAGE)
                            .build());
        } else if (fault instanceof Fault.CaptureSubjects capture) {
            capture(number, tenant, capture.length());
        } else if (fault instanceof Fault.SealStream) {
            replaceParked(
                    number,
                    tenant,
                    info -> HandedOver.builder(info.getConfiguration()).seal().build());
        } else if (fault instanceof Fault.DeleteFullStream) {
            replaceParked(number, tenant, StreamFaults::full);
        } else if (fault instanceof Fault.DeleteQuietStream) {
            replaceQuiet(number, tenant);
        }
    }

    /** What a stream's configuration becomes. */
    private interface Change {
        StreamConfiguration of(StreamInfo info);
    }

    private static StreamConfiguration full(StreamInfo info) {
        return HandedOver.builder(info.getConfiguration())
                .discardPolicy(DiscardPolicy.New)
                .maxMessages(Math.max(1, info.getStreamState().getMsgCount()))
                .build();
    }

    private void change(String number, String tenant, Duration length, Change change) throws InterruptedException {
        StreamInfo before = there(tenant);
        update(change.of(before));
        sleep(length);
        restored(number, tenant);
        update(before.getConfiguration());
    }

    /** Says what it came to just before it is mended. */
    private void restored(String number, String tenant) {
        long events = insist("parked events can be counted", () -> operators.open(tenant, List.of()));
        if (events > 0) {
            parked.incrementAndGet();
        }
        report.line(number + "stream of " + tenant + " is mended, " + events + " events are parked");
    }

    private void capture(String number, String tenant, Duration length) throws InterruptedException {
        StreamConfiguration own = there(tenant).getConfiguration();
        StreamConfiguration thief = StreamConfiguration.builder()
                .name("LAB_" + own.getName())
                .subjects(own.getSubjects())
                .storageType(StorageType.File)
                .replicas(stage.settings().nodes())
                .build();
        whole(() -> {
            update(HandedOver.builder(own)
                    .subjects("elsewhere." + own.getName())
                    .build());
            return insist("stream " + thief.getName() + " is there", () -> {
                Looked found = look(thief.getName());
                return found.info() == null ? management.addStream(thief) : found.info();
            });
        });
        sleep(length);
        restored(number, tenant);
        whole(() -> {
            boolean gone = insist("stream " + thief.getName() + " is gone", () -> {
                StreamInfo info = look(thief.getName()).info();
                if (info == null) {
                    return true;
                }
                if (info.getStreamState().getLastSequence() > 0) {
                    report.violation(new Violation(
                            Violation.Kind.WRONG_STREAM, tenant, "stream " + thief.getName() + " got its events"));
                }
                return management.deleteStream(thief.getName()) ? true : null;
            });
            update(own);
            return gone;
        });
    }

    /** Nothing more gets in, its tenant is parked, and it makes place for a new one. */
    private void replaceParked(String number, String tenant, Change change) throws Exception {
        StreamInfo before = there(tenant);
        update(change.of(before));
        awaitConfirmed(walEnd());
        boolean unused =
                insist("tenant " + tenant + " is parked", () -> operators.open(tenant, List.of()) > 0 ? true : null);
        restored(number, tenant);
        replace(number, tenant, before, () -> {});
    }

    private void replaceQuiet(String number, String tenant) throws Exception {
        StreamInfo before = there(tenant);
        writers.gate.close(tenant);
        operators.gate.close(tenant);
        try {
            awaitConfirmed(walEnd());
            boolean unused = insist(
                    "nothing of " + tenant + " is parked", () -> operators.open(tenant, List.of()) == 0 ? true : null);
            replace(number, tenant, before, () -> writers.gate.open(tenant));
        } finally {
            writers.gate.open(tenant);
            operators.gate.open(tenant);
        }
    }

    /** Archives it and deletes it; returns when the next one holds something. */
    private void replace(String number, String tenant, StreamInfo before, Runnable deleted) throws Exception {
        persistSlot();
        String name = stream(tenant);
        int taken = whole(() -> {
            StreamContents archive = insist("stream " + name + " is archived", () -> archive(tenant));
            delete(name, before.getCreateTime());
            archives.computeIfAbsent(tenant, unused -> new ArrayList<>()).add(archive);
            deleted.run();
            long begin = System.nanoTime();
            report.line(number + "stream of " + tenant + " is deleted with "
                    + archive.messages().size() + " messages");
            StreamInfo next = insist("there is a new stream " + name + " with a message", () -> {
                StreamInfo info = look(name).info();
                return info != null
                                && !info.getCreateTime().equals(before.getCreateTime())
                                && info.getStreamState().getMsgCount() > 0
                        ? info
                        : null;
            });
            report.line(number
                    + String.format(
                            Locale.ROOT,
                            "stream of %s is there again after %.2f s",
                            tenant,
                            (System.nanoTime() - begin) / 1e9));
            return archive.messages().size() + (int) next.getStreamState().getMsgCount();
        });
        if (taken == 0) {
            throw new IllegalStateException("an empty stream was chosen");
        }
    }

    /** A server that crashes goes back to what it has of a slot on disk; a checkpoint and what it logs moves that. */
    private void persistSlot() {
        boolean unused = insist("PostgreSQL makes a checkpoint", () -> {
            stage.postgres().execute("CHECKPOINT");
            return true;
        });
        awaitConfirmed(walEnd());
    }

    /** Null while a letter is open whose event is in the stream: the relay is about to see that it was sent. */
    private @Nullable StreamContents archive(String tenant) throws Exception {
        try (StreamReader reader = new StreamReader(stage.nats().urls())) {
            StreamContents archive = reader.read(stream(tenant));
            List<String> ids = archive.messages().stream().map(Stored::id).toList();
            return ids.isEmpty() || operators.open(tenant, ids) > 0 ? null : archive;
        }
    }

    /** Never the next one of the same name, whatever becomes of the answers. */
    private void delete(String name, ZonedDateTime created) {
        boolean unused = insist("stream " + name + " is deleted", () -> {
            StreamInfo info = look(name).info();
            if (info == null || !info.getCreateTime().equals(created)) {
                return true;
            }
            return management.deleteStream(name) ? true : null;
        });
    }

    private void awaitConfirmed(String lsn) {
        boolean unused = insist("the slot is confirmed up to " + lsn, () -> stage.isConfirmed(lsn) ? true : null);
    }

    private String walEnd() {
        return insist("the end of the WAL is known", stage::walEnd);
    }

    /** What was found under a name: perhaps nothing. */
    private record Looked(@Nullable StreamInfo info) {}

    private Looked look(String stream) throws IOException, JetStreamApiException {
        try {
            return new Looked(management.getStreamInfo(stream));
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == JETSTREAM_NOT_FOUND) {
                return new Looked(null);
            }
            throw e;
        }
    }

    private StreamInfo there(String tenant) {
        return insist(
                "stream " + stream(tenant) + " is there",
                () -> look(stream(tenant)).info());
    }

    private void update(StreamConfiguration configuration) {
        StreamInfo unused = insist(
                "stream " + configuration.getName() + " is changed", () -> management.updateStream(configuration));
    }

    /** While no server is being broken. */
    private <T> T whole(java.util.concurrent.Callable<T> act) throws InterruptedException {
        stage.servers().lockInterruptibly();
        try {
            return act.call();
        } catch (RuntimeException | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            stage.servers().unlock();
        }
    }

    private <T> T insist(String what, Await.Source<T> source) {
        return stage.await(what, PATIENCE, () -> {
            try {
                T value = source.get();
                if (value == null) {
                    TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
                }
                return value;
            } catch (IOException | JetStreamApiException | SQLException e) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
                throw e;
            }
        });
    }

    /** What the checker must know of a tenant. */
    Operated of(String tenant) {
        return new Operated(
                limited.contains(tenant), archives.getOrDefault(tenant, List.of()), operators.commands(tenant));
    }

    /** How often a tenant was parked when its stream was mended or deleted. */
    long parked() {
        return parked.get();
    }

    long archived() {
        return archives.values().stream()
                .flatMap(List::stream)
                .mapToLong(archive -> archive.messages().size())
                .sum();
    }

    long replaced() {
        return archives.values().stream().mapToLong(List::size).sum();
    }

    private static void sleep(Duration duration) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(duration.toMillis());
    }

    private static String stream(String tenant) {
        return "TENANT_" + tenant.toUpperCase(Locale.ROOT);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        try {
            client.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

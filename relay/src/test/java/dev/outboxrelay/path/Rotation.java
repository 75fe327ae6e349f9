package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.api.StreamInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A relay in a process of its own, and applications that write all the time, while somebody replaces secrets. */
final class Rotation implements AutoCloseable {

    private static final String ODD = "Ödd name.1/ü";
    private static final List<String> TENANTS = List.of("noisy", "noisy", "noisy", "noisy", "quiet", "t-2", ODD);
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private final Outbox outbox;
    private final RelayProcess relay;
    private final Load load;
    private final List<String> secrets = new ArrayList<>();
    private int heard;

    private Rotation(Outbox outbox, RelayProcess relay) {
        this.outbox = outbox;
        this.relay = relay;
        this.load = Load.start(outbox, TENANTS, 2, 41);
    }

    /** Starts both and returns at once. */
    static Rotation start(Outbox outbox, TestNats nats, Map<String, String> more, Path log) throws Exception {
        Map<String, String> settings = new TreeMap<>(outbox.settings(nats, Map.of("outbox.naming", "encode")));
        if (more.containsKey("outbox.postgres.password-file") || more.containsKey("outbox.postgres.passfile")) {
            settings.remove("outbox.postgres.password");
        }
        settings.putAll(more);
        return new Rotation(outbox, RelayProcess.start(settings, log));
    }

    /** What the relay must not tell anybody, ever. */
    void mustKeep(String... texts) {
        secrets.addAll(List.of(texts));
    }

    /** Waits until it leads and publishes what was written after this call. */
    void awaitWork() throws Exception {
        long before = published();
        await("events get through", () -> relay.leads() && published() > before + 50);
        heard = relay.log().length();
    }

    private int published() throws Exception {
        return outbox.count("outbox.message WHERE status = 'published'");
    }

    /** Waits until it has said all of this in one line of its log since events got through last. */
    void awaitLog(String... texts) {
        await(
                "it says in its log " + List.of(texts),
                () -> relay.log()
                        .substring(heard)
                        .lines()
                        .anyMatch(line -> Arrays.stream(texts).allMatch(line::contains)));
    }

    /** Waits until it has said all of this in one line of its log, and what mends it, and says so in its status. */
    void awaitRefusal(String... texts) {
        awaitLog(Stream.concat(Stream.of("mend: "), Stream.of(texts)).toArray(String[]::new));
        await("it says in its status " + List.of(texts), () -> {
            String status = String.valueOf(relay.page("/api/status"));
            return Arrays.stream(texts).allMatch(status::contains);
        });
        heard = relay.log().length();
    }

    private void await(String what, Await.Condition condition) {
        try {
            Await.until(what, PATIENCE, condition);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; its log:\n" + relay.log(), e);
        }
    }

    /** Ends the writers, and demands every event of each tenant once and in order, from one process that kept quiet. */
    void demand(Connection reader) throws Exception {
        load.stop();
        Map<String, List<String>> expected = outbox.committed();
        assertThat(expected.keySet()).isEqualTo(Set.copyOf(TENANTS));
        Map<String, String> streams = streams(reader);
        for (Map.Entry<String, List<String>> tenant : expected.entrySet()) {
            String stream = String.valueOf(streams.get(tenant.getKey()));
            await(
                    "all of " + tenant.getKey(),
                    () -> Streams.size(reader, stream) >= tenant.getValue().size());
            assertThat(Streams.idsIn(reader, stream)).as(tenant.getKey()).isEqualTo(tenant.getValue());
        }
        outbox.awaitAllMarked(PATIENCE);
        assertThat(outbox.count("outbox.dead_letter WHERE state <> 'sent'")).isZero();
        assertThat(relay.isAlive()).isTrue();
        assertThat(relay.log().split("outbox relay starting", -1)).hasSize(2);
        for (String told : List.of(relay.log(), page("/api/status"), page("/metrics"))) {
            assertThat(secrets).noneMatch(told::contains);
        }
    }

    private String page(String path) throws InterruptedException {
        return String.valueOf(relay.page(path));
    }

    /** By the tenant that each says that it is for. */
    private static Map<String, String> streams(Connection reader) throws Exception {
        return reader.jetStreamManagement().getStreams().stream()
                .map(StreamInfo::getConfiguration)
                .collect(Collectors.toMap(
                        stream -> String.valueOf(stream.getMetadata().get("outbox.tenant")),
                        stream -> String.valueOf(stream.getName())));
    }

    @Override
    public void close() {
        load.close();
        relay.close();
    }
}

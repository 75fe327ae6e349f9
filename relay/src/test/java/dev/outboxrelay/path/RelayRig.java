package dev.outboxrelay.path;

import dev.outboxrelay.CannotStart;
import dev.outboxrelay.Relay;
import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettingsReader;
import dev.outboxrelay.telemetry.BuildInfo;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A relay in this process, under its real role, between servers of the test. Close it to stop it gracefully. */
final class RelayRig implements AutoCloseable {

    private final Relay relay;
    private final Thread thread;
    private final CompletableFuture<@Nullable CannotStart> outcome = new CompletableFuture<>();

    private RelayRig(Settings settings) {
        relay = new Relay(settings, new BuildInfo("test", "test", "test"), InstantSource.system());
        thread = new Thread(this::run, "relay");
    }

    static RelayRig start(TestPostgres postgres, TestNats nats, Map<String, String> more) {
        Map<String, String> texts = texts(postgres.jdbcUrl(), postgres.password(TestPostgres.RELAY), nats.url());
        texts.putAll(more);
        return start(texts);
    }

    /** Starts a relay with settings by key, and returns at once. */
    static RelayRig start(Map<String, String> texts) {
        RelayRig rig = new RelayRig(settings(texts));
        rig.thread.start();
        return rig;
    }

    /** The settings by key that every test has. */
    static Map<String, String> texts(String jdbcUrl, String password, String natsUrl) {
        Map<String, String> texts = RelayProcess.settings(jdbcUrl, password, natsUrl);
        texts.put("outbox.admin.bind", "127.0.0.1:0");
        return texts;
    }

    static Settings settings(Map<String, String> texts) {
        Map<String, RawValue> raw = new TreeMap<>();
        texts.forEach((key, value) -> raw.put(key, new RawValue(value, "test")));
        Reading reading = SettingsReader.read(raw);
        if (reading instanceof Reading.Rejected rejected) {
            throw new IllegalArgumentException(rejected.problems().toString());
        }
        return ((Reading.Complete) reading).settings();
    }

    private void run() {
        try {
            relay.run();
            outcome.complete(null);
        } catch (CannotStart e) {
            outcome.complete(e);
        } catch (InterruptedException | RuntimeException e) {
            outcome.completeExceptionally(e);
        }
    }

    /** Waits until the relay reads the slot. */
    RelayRig awaitStreaming() {
        Await.until("the relay streams", () -> {
            if (outcome.isDone()) {
                throw new IllegalStateException("the relay ended: " + outcome.join());
            }
            return relay.status().source().connected();
        });
        return this;
    }

    Relay relay() {
        return relay;
    }

    /** The refusal to start; waits for it. */
    CannotStart refusal() {
        CannotStart refusal = outcome.orTimeout(60, TimeUnit.SECONDS).join();
        if (refusal == null) {
            throw new AssertionError("the relay ran and stopped instead of refusing to start");
        }
        return refusal;
    }

    /** Every message of a stream in order; empty when there is no stream. */
    static List<MessageInfo> messages(Connection connection, String stream) throws IOException, JetStreamApiException {
        JetStreamManagement management = connection.jetStreamManagement();
        if (!management.getStreamNames().contains(stream)) {
            return List.of();
        }
        StreamInfo info = management.getStreamInfo(stream);
        List<MessageInfo> all = new ArrayList<>();
        for (long i = info.getStreamState().getFirstSequence();
                i <= info.getStreamState().getLastSequence();
                i++) {
            all.add(management.getMessage(stream, i));
        }
        return all;
    }

    /** The ids in a stream, in order. */
    static List<String> ids(Connection connection, String stream) throws IOException, JetStreamApiException {
        return messages(connection, stream).stream()
                .map(message -> String.valueOf(message.getHeaders().getFirst("Nats-Msg-Id")))
                .toList();
    }

    @Override
    public void close() {
        relay.stop();
        try {
            if (!relay.awaitStopped(Duration.ofSeconds(30))) {
                throw new IllegalStateException("the relay did not stop");
            }
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

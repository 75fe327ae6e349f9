package dev.outboxrelay.demo;

import dev.outboxrelay.CannotStart;
import dev.outboxrelay.Relay;
import dev.outboxrelay.admin.Role;
import dev.outboxrelay.admin.TenantStatus;
import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettingsReader;
import dev.outboxrelay.telemetry.BuildInfo;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The real relay, in this process, configured by the keys that a user would write. Closing stops it. */
final class RelayInside implements AutoCloseable {

    private static final Duration STOP_DEADLINE = Duration.ofSeconds(20);

    private final Relay relay;
    private final Thread thread = new Thread(this::run, "relay");
    private final Map<String, Long> seen = new HashMap<>();
    private final Map<String, Long> before = new HashMap<>();
    private volatile @Nullable String failure;
    private volatile boolean asked;

    private RelayInside(Settings settings, BuildInfo build) {
        this.relay = new Relay(settings, build, InstantSource.system());
    }

    /** Starts it and returns at once; it waits for its two ends by itself. */
    static RelayInside start(Login login, String natsUrl, BuildInfo build) throws DemoFailed {
        Reading reading = SettingsReader.read(keys(login, natsUrl));
        if (reading instanceof Reading.Rejected rejected) {
            throw new DemoFailed("the demo's own settings are wrong: " + rejected.problems());
        }
        RelayInside inside = new RelayInside(((Reading.Complete) reading).settings(), build);
        inside.thread.start();
        return inside;
    }

    private static Map<String, RawValue> keys(Login login, String natsUrl) {
        Map<String, RawValue> raw = new TreeMap<>();
        Map.of(
                        "outbox.postgres.url",
                        login.jdbcUrl(),
                        "outbox.postgres.user",
                        login.user(),
                        "outbox.postgres.password",
                        login.password().secret(),
                        "outbox.nats.url",
                        natsUrl,
                        "outbox.streams.replicas",
                        "1",
                        "outbox.admin.bind",
                        "127.0.0.1:0")
                .forEach((key, value) -> raw.put(key, new RawValue(value, "demo")));
        return raw;
    }

    private void run() {
        try {
            relay.run();
            if (!asked) {
                failure = "the relay ended by itself";
            }
        } catch (CannotStart e) {
            failure = "the relay cannot start: " + String.join("; ", e.problems());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            failure = "the relay failed: " + e;
        }
    }

    /** Why it is not running any more, if nobody asked it to stop. Any thread. */
    Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /** The address of its admin HTTP server, as soon as there is one. */
    Optional<String> adminUrl() {
        try {
            return Optional.of("http://127.0.0.1:" + relay.adminPort());
        } catch (IllegalStateException notYet) {
            return Optional.empty();
        }
    }

    /** Whether it reads the slot. */
    boolean isStreaming() {
        return relay.status().role() == Role.LEADER;
    }

    /**
     * Events of each tenant that a PubAck acknowledged. The relay counts from zero whenever it reads its slot again, so
     * this adds up. One thread.
     */
    Map<String, Long> published() {
        for (TenantStatus tenant : relay.status().tenants()) {
            Long last = seen.put(tenant.tenant(), tenant.published());
            if (last != null && last > tenant.published()) {
                before.merge(tenant.tenant(), last, Long::sum);
            }
        }
        Map<String, Long> sums = new HashMap<>(seen);
        before.forEach((tenant, events) -> sums.merge(tenant, events, Long::sum));
        return sums;
    }

    @Override
    public void close() {
        stop();
    }

    /** Drains what is in flight, confirms, and ends. Idempotent. */
    void stop() {
        asked = true;
        relay.stop();
        try {
            thread.join(STOP_DEADLINE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            failure = "the relay did not stop within " + STOP_DEADLINE.toSeconds() + " s";
        }
    }
}

package dev.outboxrelay.config;

import static dev.outboxrelay.config.SettingCatalog.*;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Turns flat keys into {@link Settings}, or into everything that is wrong with them. Pure. */
public final class SettingsReader {

    private final Map<String, RawValue> raw;
    private final Given given;
    private final TableListReader tables;
    private final PolicyListReader policies;
    private final ConsumerListReader consumers;
    private final RouteListReader routes;

    private SettingsReader(Map<String, RawValue> raw) {
        this.raw = new TreeMap<>(raw);
        this.given = new Given(this.raw);
        this.tables = new TableListReader(given, this.raw.keySet());
        this.policies = new PolicyListReader(given, this.raw.keySet());
        this.consumers = new ConsumerListReader(given, this.raw.keySet());
        this.routes = new RouteListReader(given, this.raw.keySet());
    }

    /**
     * Reads a whole configuration. Blank values count as not given. Files are only named here: those that hold a secret
     * which is read once are the caller's part, the others are read by whoever connects.
     */
    public static Reading read(Map<String, RawValue> raw) {
        return new SettingsReader(raw).read();
    }

    private Reading read() {
        checkKeys();
        all().stream().filter(setting -> !setting.key().contains("[*]")).forEach(given::check);
        tables.check();
        policies.check();
        consumers.check();
        routes.check();
        checkPairs();
        return given.problems().isEmpty() ? new Reading.Complete(settings()) : new Reading.Rejected(given.problems());
    }

    private void checkKeys() {
        raw.forEach((key, value) -> {
            boolean emptyList = value.text().isBlank() && isList(key);
            if (!knows(key) && !emptyList) {
                given.problems()
                        .add(new Problem(
                                key,
                                value.origin(),
                                "there is no such setting",
                                "The nearest known one is " + nearest(key) + "."));
            }
        });
    }

    private void checkPairs() {
        new LoginReader(given).check();
        checkOrder(STREAMS_DUPLICATE_WINDOW, STREAMS_MAX_AGE);
        checkOrder(RETRY_INITIAL, RETRY_MAX);
    }

    private void checkOrder(Setting<Duration> shorter, Setting<Duration> longer) {
        Optional<Duration> low = given.find(shorter);
        Optional<Duration> high = given.find(longer);
        if (low.isPresent() && high.isPresent() && low.get().compareTo(high.get()) > 0) {
            given.report(
                    shorter,
                    "it is longer than " + longer.key() + " (" + given.origin(longer) + ")",
                    "Set it to at most that, or raise " + longer.key() + ".");
        }
    }

    private Settings settings() {
        LoginReader logins = new LoginReader(given);
        BindAddress bind = given.get(ADMIN_BIND);
        SettleMode mode = given.get(SETTLE_MODE);
        return new Settings(
                new PostgresSettings(
                        given.get(POSTGRES_URL),
                        logins.postgres(),
                        logins.postgresTls(),
                        given.get(POSTGRES_SLOT),
                        given.get(POSTGRES_PUBLICATION),
                        given.get(POSTGRES_WAL_BUDGET)),
                new NatsSettings(
                        given.get(NATS_URL), logins.nats(), logins.natsTls(), given.get(NATS_TLS_HANDSHAKE_FIRST)),
                new SourceSettings(
                        TableMapping.nativeLayout(given.get(SOURCE_TABLE), mode),
                        tables.tables(),
                        given.get(SOURCE_READER),
                        given.get(SOURCE_POLL_INTERVAL),
                        given.get(SOURCE_MAX_BATCH),
                        given.get(SOURCE_QUEUE_BYTES),
                        given.get(SOURCE_BACKLOG)),
                given.get(NAMING),
                routes.rules(),
                new StreamSettings(
                        given.get(STREAMS_REPLICAS),
                        given.get(STREAMS_MAX_AGE),
                        given.get(STREAMS_MAX_MESSAGES),
                        given.get(STREAMS_DUPLICATE_WINDOW),
                        given.find(STREAMS_MAX_BYTES).orElse(StreamSettings.NO_LIMIT),
                        given.get(STREAMS_DISCARD),
                        given.get(STREAMS_STORAGE),
                        given.get(STREAMS_COMPRESSION),
                        given.get(STREAMS_PROVISION),
                        given.get(STREAMS_CHECK_INTERVAL),
                        given.get(STREAMS_CREATE_CONCURRENCY)),
                new LaneSettings(
                        given.get(LANES_WINDOW),
                        given.get(LANES_THREADS),
                        given.get(LANES_MAX_BYTES),
                        given.get(LANES_MAX_EVENTS),
                        given.get(LANES_TENANT_MAX_BYTES),
                        given.get(LANES_TENANT_MAX_EVENTS),
                        given.get(LANES_PARK_AFTER),
                        given.find(LANES_SPILL_DIRECTORY).orElse(null),
                        given.get(LANES_SPILL_MAX_BYTES),
                        given.get(LANES_PAUSED)),
                new RetrySettings(given.get(RETRY_INITIAL), given.get(RETRY_MAX), given.get(RETRY_MAX_ATTEMPTS)),
                new SettleSettings(mode, given.get(SETTLE_BATCH), given.get(SETTLE_LINGER)),
                new DeadLetterSettings(given.get(DEAD_LETTER_POISON), given.get(DEAD_LETTER_CONSUMERS)),
                new EventSettings(
                        given.get(EVENTS_FORMAT),
                        given.get(EVENTS_SOURCE),
                        given.get(EVENTS_TYPE),
                        given.find(EVENTS_SUBJECT).orElse(null),
                        given.find(EVENTS_CONTENT_TYPE).orElse(null)),
                given.find(TRACING_ENDPOINT).map(this::tracing).orElse(null),
                new HaSettings(given.get(HA_ON_REFUSAL)),
                policies.groups(),
                consumers.settings(),
                new AdminSettings(
                        bind.host(),
                        bind.port(),
                        given.get(ADMIN_MAX_TENANT_LABELS),
                        given.get(ADMIN_LAG_INTERVAL),
                        new AdminAccess(
                                given.find(ADMIN_TOKEN).orElse(Secret.NONE),
                                given.find(ADMIN_TOKEN_FILE).orElse(null),
                                given.get(ADMIN_TOKEN_FOR_READING),
                                given.find(ADMIN_HOSTS).orElse(List.of()))));
    }

    private TracingSettings tracing(String endpoint) {
        return new TracingSettings(
                endpoint,
                given.get(TRACING_SERVICE_NAME),
                given.get(TRACING_SAMPLE),
                given.find(TRACING_HEADERS_FILE).orElse(null),
                new TlsFiles(
                        "outbox.tracing.tls", given.find(TRACING_TLS_CA_FILE).orElse(null), null, null));
    }
}

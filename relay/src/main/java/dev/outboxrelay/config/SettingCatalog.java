package dev.outboxrelay.config;

import dev.outboxrelay.event.TableName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Every setting there is, each declared once. */
public final class SettingCatalog {

    private SettingCatalog() {}

    static final Setting<String> POSTGRES_URL =
            Setting.required("outbox.postgres.url", ServerUrls.POSTGRES, "The database that holds the outbox.");
    static final Setting<String> POSTGRES_USER = Setting.withDefault(
            "outbox.postgres.user", SettingTypes.TEXT, "outbox_relay", "The role that the relay logs in as.");
    static final Setting<Secret> POSTGRES_PASSWORD = Setting.optional(
            "outbox.postgres.password", SettingTypes.SECRET, "That role's password; better given as a file.");
    static final Setting<Path> POSTGRES_PASSWORD_FILE = Setting.optional(
            "outbox.postgres.password-file",
            SettingTypes.FILE,
            "A file that holds the password; a line end after it does not count.");
    static final Setting<String> POSTGRES_SLOT = Setting.withDefault(
            "outbox.postgres.slot", SettingTypes.SLOT, "outbox_relay", "The logical replication slot.");
    static final Setting<String> POSTGRES_PUBLICATION = Setting.withDefault(
            "outbox.postgres.publication",
            SettingTypes.IDENTIFIER,
            "outbox",
            "The publication that holds every tailed table.");

    static final Setting<Long> POSTGRES_WAL_BUDGET = Setting.withDefault(
            "outbox.postgres.wal-budget",
            SizeText.between("64MB", "16384GB"),
            "16GB",
            "WAL that the slot may keep: near it the tenant that pins it is parked, whatever it waits for.");

    static final Setting<List<String>> NATS_URL = Setting.required(
            "outbox.nats.url", ServerUrls.NATS_SERVERS, "The NATS servers, which must have JetStream on.");
    static final Setting<Path> NATS_CREDENTIALS_FILE =
            Setting.optional("outbox.nats.credentials-file", SettingTypes.FILE, "A NATS .creds file to log in with.");

    static final Setting<TableName> SOURCE_TABLE = Setting.withDefault(
            "outbox.source.table", SettingTypes.TABLE, "outbox.message", "The outbox table in the native layout.");
    static final Setting<TableName> TABLES_TABLE =
            Setting.required("outbox.source.tables[*].table", SettingTypes.TABLE, "A further table to tail.");
    static final Setting<Preset> TABLES_PRESET = Setting.withDefault(
            "outbox.source.tables[*].preset",
            SettingTypes.oneOf(Preset.class),
            "debezium",
            "Its layout: debezium is id, aggregatetype, aggregateid, type, payload and a tenant column.");
    static final Setting<String> TABLES_TENANT_COLUMN = Setting.withDefault(
            "outbox.source.tables[*].tenant-column",
            SettingTypes.IDENTIFIER,
            "tenant_id",
            "The column that holds the tenant id.");
    static final Setting<SubjectTemplate> TABLES_SUBJECT = Setting.optional(
            "outbox.source.tables[*].subject",
            SettingTypes.SUBJECT,
            "The relative subject; by default {aggregatetype}.{type} (debezium) or {subject} (native).");
    static final Setting<SettleMode> TABLES_SETTLE = Setting.optional(
            "outbox.source.tables[*].settle",
            SettingTypes.oneOf(SettleMode.class),
            "What happens to its published rows; by default keep (debezium) or outbox.settle.mode (native).");
    static final Setting<Reader> SOURCE_READER = Setting.withDefault(
            "outbox.source.reader",
            SettingTypes.oneOf(Reader.class),
            "lean",
            "What reads rows: lean decodes only what an event needs; stock is the engine's own way, slower.");
    static final Setting<Duration> SOURCE_POLL_INTERVAL = Setting.withDefault(
            "outbox.source.poll-interval",
            DurationText.between("5ms", "10s"),
            "10ms",
            "The pause between two looks at an idle slot (lean; up to four times that after seconds without a row), or how"
                    + " long the engine waits for more rows (stock).");
    static final Setting<Integer> SOURCE_MAX_BATCH = Setting.withDefault(
            "outbox.source.max-batch",
            SettingTypes.whole(1, 100_000),
            "2048",
            "Most rows that the engine hands over at once.");
    static final Setting<Long> SOURCE_QUEUE_BYTES = Setting.withDefault(
            "outbox.source.queue-bytes",
            SizeText.between("1MB", "16GB"),
            "64MB",
            "Memory for rows that were read and not yet handed over.");

    static final Setting<Naming> NAMING = Setting.withDefault(
            "outbox.naming",
            SettingTypes.oneOf(Naming.class),
            "strict",
            "Whether tenant ids outside [A-Za-z0-9_-]{1,64} are dead letters (strict) or encoded (encode).");

    static final Setting<Integer> STREAMS_REPLICAS = Setting.withDefault(
            "outbox.streams.replicas",
            SettingTypes.whole(1, 5),
            "3",
            "Copies of each stream in the NATS cluster; 1 on a single server.");
    static final Setting<Duration> STREAMS_MAX_AGE = Setting.withDefault(
            "outbox.streams.max-age",
            DurationText.between("100ms", "36500d"),
            "7d",
            "How long a stream keeps a message.");
    static final Setting<Long> STREAMS_MAX_MESSAGES = Setting.withDefault(
            "outbox.streams.max-messages",
            SettingTypes.wholeLong(1, 1_000_000_000_000L),
            "1000000",
            "Most messages that a stream keeps; the oldest go first.");
    static final Setting<Duration> STREAMS_DUPLICATE_WINDOW = Setting.withDefault(
            "outbox.streams.duplicate-window",
            DurationText.between("100ms", "36500d"),
            "2m",
            "How long the server remembers message ids; at most max-age.");
    static final Setting<Integer> STREAMS_CREATE_CONCURRENCY = Setting.withDefault(
            "outbox.streams.create-concurrency",
            SettingTypes.whole(1, 256),
            "8",
            "Most streams that are created at the same time.");

    static final Setting<Integer> LANES_WINDOW = Setting.withDefault(
            "outbox.lanes.window", SettingTypes.whole(1, 100_000), "500", "Most events of one tenant in flight.");
    static final Setting<Integer> LANES_THREADS = Setting.withDefault(
            "outbox.lanes.threads", SettingTypes.whole(1, 64), "2", "Threads that run all tenants' lanes.");
    static final Setting<Long> LANES_MAX_BYTES = Setting.withDefault(
            "outbox.lanes.max-bytes",
            SizeText.between("1MB", "16GB"),
            "64MB",
            "Memory for all queued and in-flight events of all tenants.");
    static final Setting<Integer> LANES_MAX_EVENTS = Setting.withDefault(
            "outbox.lanes.max-events",
            SettingTypes.whole(1, 10_000_000),
            "100000",
            "Most queued and in-flight events of all tenants.");

    static final Setting<Long> LANES_TENANT_MAX_BYTES = Setting.withDefault(
            "outbox.lanes.tenant-max-bytes",
            SizeText.between("64KB", "16GB"),
            "16MB",
            "Memory for the queued events of one tenant; what is beyond it is spilled, or parked without a directory.");
    static final Setting<Integer> LANES_TENANT_MAX_EVENTS = Setting.withDefault(
            "outbox.lanes.tenant-max-events",
            SettingTypes.whole(1, 10_000_000),
            "50000",
            "Most queued events of one tenant in memory; the same holds.");
    static final Setting<Duration> LANES_PARK_AFTER = Setting.withDefault(
            "outbox.lanes.park-after",
            DurationText.between("100ms", "1d"),
            "30s",
            "How long a tenant may get nowhere before its events are parked; while NATS is away nobody is.");

    static final Setting<Path> LANES_SPILL_DIRECTORY = Setting.optional(
            "outbox.lanes.spill-directory",
            SettingTypes.DIRECTORY,
            "A directory on local disk where events of a tenant that bursts wait, so that they delay nobody; they stay in"
                    + " the WAL as well. Without it they are parked in outbox.dead_letter.");
    static final Setting<Long> LANES_SPILL_MAX_BYTES = Setting.withDefault(
            "outbox.lanes.spill-max-bytes", SizeText.between("1MB", "1000GB"), "1GB", "Most bytes there.");

    static final Setting<Duration> RETRY_INITIAL = Setting.withDefault(
            "outbox.retry.initial",
            DurationText.between("1ms", "1h"),
            "50ms",
            "The pause before the first new attempt; it doubles each time.");
    static final Setting<Duration> RETRY_MAX = Setting.withDefault(
            "outbox.retry.max", DurationText.between("1ms", "1h"), "2s", "The longest pause between attempts.");
    static final Setting<Integer> RETRY_MAX_ATTEMPTS = Setting.withDefault(
            "outbox.retry.max-attempts",
            SettingTypes.whole(1, 1000),
            "10",
            "Failures of one message alone, for an unknown cause, before it is a dead letter; outages never count.");

    static final Setting<SettleMode> SETTLE_MODE = Setting.withDefault(
            "outbox.settle.mode",
            SettingTypes.oneOf(SettleMode.class),
            "mark",
            "What happens to a published row; delete needs a grant of its own.");
    static final Setting<Integer> SETTLE_BATCH = Setting.withDefault(
            "outbox.settle.batch", SettingTypes.whole(1, 10_000), "500", "Most rows settled in one transaction.");
    static final Setting<Duration> SETTLE_LINGER = Setting.withDefault(
            "outbox.settle.linger",
            DurationText.between("0ms", "10s"),
            "5ms",
            "How long an incomplete batch waits for more rows.");

    static final Setting<Poison> DEAD_LETTER_POISON = Setting.withDefault(
            "outbox.dead-letter.poison",
            SettingTypes.oneOf(Poison.class),
            "skip",
            "Whether a tenant's later events go on behind a dead letter (skip) or wait for an operator (hold).");

    static final Setting<BindAddress> ADMIN_BIND = Setting.withDefault(
            "outbox.admin.bind", BindAddress.TYPE, "127.0.0.1:8080", "Where health, metrics and status are served.");
    static final Setting<Integer> ADMIN_MAX_TENANT_LABELS = Setting.withDefault(
            "outbox.admin.max-tenant-labels",
            SettingTypes.whole(0, 1_000_000),
            "1000",
            "Most tenants with a metric label of their own; the others share one.");

    private static final List<Setting<?>> ALL = List.of(
            POSTGRES_URL,
            POSTGRES_USER,
            POSTGRES_PASSWORD,
            POSTGRES_PASSWORD_FILE,
            POSTGRES_SLOT,
            POSTGRES_PUBLICATION,
            POSTGRES_WAL_BUDGET,
            NATS_URL,
            NATS_CREDENTIALS_FILE,
            SOURCE_TABLE,
            TABLES_TABLE,
            TABLES_PRESET,
            TABLES_TENANT_COLUMN,
            TABLES_SUBJECT,
            TABLES_SETTLE,
            SOURCE_READER,
            SOURCE_POLL_INTERVAL,
            SOURCE_MAX_BATCH,
            SOURCE_QUEUE_BYTES,
            NAMING,
            STREAMS_REPLICAS,
            STREAMS_MAX_AGE,
            STREAMS_MAX_MESSAGES,
            STREAMS_DUPLICATE_WINDOW,
            STREAMS_CREATE_CONCURRENCY,
            LANES_WINDOW,
            LANES_THREADS,
            LANES_MAX_BYTES,
            LANES_MAX_EVENTS,
            LANES_TENANT_MAX_BYTES,
            LANES_TENANT_MAX_EVENTS,
            LANES_PARK_AFTER,
            LANES_SPILL_DIRECTORY,
            LANES_SPILL_MAX_BYTES,
            RETRY_INITIAL,
            RETRY_MAX,
            RETRY_MAX_ATTEMPTS,
            SETTLE_MODE,
            SETTLE_BATCH,
            SETTLE_LINGER,
            DEAD_LETTER_POISON,
            ADMIN_BIND,
            ADMIN_MAX_TENANT_LABELS);

    private static final Pattern INDEX = Pattern.compile("\\[\\d{1,4}]");

    /** Every setting, in the order in which the reference shows them. */
    public static List<Setting<?>> all() {
        return ALL;
    }

    /** Whether a key, with real indexes, is a setting. */
    static boolean knows(String key) {
        return keys().contains(generic(key));
    }

    /** The known key that is nearest to an unknown one, with the indexes of the unknown one where it has some. */
    static String nearest(String key) {
        Matcher index = INDEX.matcher(key);
        String shown = index.find() ? index.group() : "[0]";
        return NearestName.of(generic(key), keys()).replace("[*]", shown);
    }

    /** Whether a key names a list as a whole, such as {@code outbox.source.tables}. */
    static boolean isList(String key) {
        return keys().stream().anyMatch(known -> known.startsWith(key + "[*]"));
    }

    private static List<String> keys() {
        return ALL.stream().map(Setting::key).toList();
    }

    private static String generic(String key) {
        return INDEX.matcher(key).replaceAll("[*]");
    }
}

package dev.outboxrelay.config;

import dev.outboxrelay.event.TableName;
import dev.outboxrelay.event.TenantPattern;
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
    static final Setting<Path> POSTGRES_PASSFILE = Setting.optional(
            "outbox.postgres.passfile",
            SettingTypes.FILE,
            "A PostgreSQL password file (.pgpass), with lines host:port:database:user:password.");
    static final Setting<Path> POSTGRES_TLS_CA_FILE = Setting.optional(
            "outbox.postgres.tls.ca-file",
            SettingTypes.FILE,
            "A PEM file with the certificates that the server's is checked against; with it, sslmode is verify-full.");
    static final Setting<Path> POSTGRES_TLS_CERT_FILE = Setting.optional(
            "outbox.postgres.tls.cert-file",
            SettingTypes.FILE,
            "A PEM file with the relay's own certificate and its chain.");
    static final Setting<Path> POSTGRES_TLS_KEY_FILE = Setting.optional(
            "outbox.postgres.tls.key-file",
            SettingTypes.FILE,
            "A PEM file with that certificate's private key, not encrypted.");
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
    static final Setting<Path> NATS_NKEY_FILE = Setting.optional(
            "outbox.nats.nkey-file", SettingTypes.FILE, "A file with the seed (SU...) of an nkey to log in with.");
    static final Setting<String> NATS_USER =
            Setting.optional("outbox.nats.user", SettingTypes.TEXT, "A user to log in as, with a password.");
    static final Setting<Secret> NATS_PASSWORD = Setting.optional(
            "outbox.nats.password", SettingTypes.SECRET, "That user's password; better given as a file.");
    static final Setting<Path> NATS_PASSWORD_FILE = Setting.optional(
            "outbox.nats.password-file",
            SettingTypes.FILE,
            "A file that holds the password; a line end after it does not count.");
    static final Setting<Secret> NATS_TOKEN = Setting.optional(
            "outbox.nats.token", SettingTypes.SECRET, "A token to log in with; better given as a file.");
    static final Setting<Path> NATS_TOKEN_FILE = Setting.optional(
            "outbox.nats.token-file",
            SettingTypes.FILE,
            "A file that holds the token; a line end after it does not count.");
    static final Setting<Path> NATS_CONTEXT_FILE = Setting.optional(
            "outbox.nats.context-file",
            SettingTypes.FILE,
            "A context of the nats command line tool (JSON): it gives url, login and certificates where no setting does.");
    static final Setting<Path> NATS_TLS_CA_FILE = Setting.optional(
            "outbox.nats.tls.ca-file",
            SettingTypes.FILE,
            "A PEM file with the certificates that the server's is checked against; by default those of the Java"
                    + " runtime.");
    static final Setting<Path> NATS_TLS_CERT_FILE = Setting.optional(
            "outbox.nats.tls.cert-file",
            SettingTypes.FILE,
            "A PEM file with the relay's own certificate and its chain.");
    static final Setting<Path> NATS_TLS_KEY_FILE = Setting.optional(
            "outbox.nats.tls.key-file",
            SettingTypes.FILE,
            "A PEM file with that certificate's private key, not encrypted.");
    static final Setting<Boolean> NATS_TLS_HANDSHAKE_FIRST = Setting.withDefault(
            "outbox.nats.tls.handshake-first",
            SettingTypes.FLAG,
            "false",
            "true where the server has handshake_first: TLS before anything is said.");

    static final Setting<TableName> SOURCE_TABLE = Setting.withDefault(
            "outbox.source.table", SettingTypes.TABLE, "outbox.message", "The outbox table in the native layout.");
    static final Setting<TableName> TABLES_TABLE =
            Setting.required("outbox.source.tables[*].table", SettingTypes.TABLE, "A further table to tail.");
    static final Setting<Preset> TABLES_PRESET = Setting.withDefault(
            "outbox.source.tables[*].preset",
            MappingTypes.PRESET,
            "debezium",
            "The layout that its mapping starts from; each of the keys below says otherwise for one thing.");
    static final Setting<String> TABLES_ID_COLUMN = Setting.optional(
            "outbox.source.tables[*].id-column",
            SettingTypes.IDENTIFIER,
            "The column that tells its rows apart: a number, a uuid or a text.");
    static final Setting<String> TABLES_ORDER_COLUMN = Setting.optional(
            "outbox.source.tables[*].order-column",
            SettingTypes.IDENTIFIER,
            "The column in which rows follow each other, for rows that are read from the table; by default the preset's,"
                    + " else the id column.");
    static final Setting<String> TABLES_TENANT = Setting.optional(
            "outbox.source.tables[*].tenant", SettingTypes.TEXT, "The one tenant that all its rows belong to.");
    static final Setting<String> TABLES_TENANT_COLUMN = Setting.optional(
            "outbox.source.tables[*].tenant-column",
            SettingTypes.IDENTIFIER,
            "The column that holds the tenant id; by default tenant_id (native, debezium).");
    static final Setting<List<String>> TABLES_TENANT_PATH = Setting.optional(
            "outbox.source.tables[*].tenant-path",
            MappingTypes.PATH,
            "Where the tenant id is in the JSON document that tenant-column holds.");
    static final Setting<String> TABLES_TENANT_LOOKUP = Setting.optional(
            "outbox.source.tables[*].tenant-lookup.*",
            SettingTypes.TEXT,
            "Which tenant a value found there stands for; with it, a row with any other value is a dead letter.");
    static final Setting<SubjectTemplate> TABLES_SUBJECT = Setting.optional(
            "outbox.source.tables[*].subject",
            SettingTypes.SUBJECT,
            "The relative subject, columns in braces; by default the preset's.");
    static final Setting<Pattern> TABLES_SUBJECT_PATTERN = Setting.optional(
            "outbox.source.tables[*].subject-pattern",
            MappingTypes.PATTERN,
            "A regular expression; a subject that matches it as a whole becomes subject-replacement.");
    static final Setting<String> TABLES_SUBJECT_REPLACEMENT = Setting.optional(
            "outbox.source.tables[*].subject-replacement",
            SettingTypes.TEXT,
            "What such a subject becomes; $1 or ${name} is a group of subject-pattern.");
    static final Setting<String> TABLES_PAYLOAD_COLUMN = Setting.optional(
            "outbox.source.tables[*].payload-column",
            SettingTypes.IDENTIFIER,
            "The column with the bytes of the message: bytea, text, json or jsonb; by default the preset's.");
    static final Setting<List<String>> TABLES_PAYLOAD_PATH = Setting.optional(
            "outbox.source.tables[*].payload-path",
            MappingTypes.PATH,
            "Where the message is in the JSON document that the payload column holds.");
    static final Setting<NullPayload> TABLES_NULL_PAYLOAD = Setting.withDefault(
            "outbox.source.tables[*].null-payload",
            SettingTypes.oneOf(NullPayload.class),
            "empty",
            "Whether a row without a payload is a message without bytes (empty) or a dead letter (refuse).");
    static final Setting<String> TABLES_HEADERS_COLUMN = Setting.optional(
            "outbox.source.tables[*].headers-column",
            SettingTypes.IDENTIFIER,
            "A column with headers as a JSON object; by default the preset's, if it has one.");
    static final Setting<List<String>> TABLES_HEADERS_PATH = Setting.optional(
            "outbox.source.tables[*].headers-path",
            MappingTypes.PATH,
            "Where that object is in the JSON document that the headers column holds.");
    static final Setting<String> TABLES_HEADER_COLUMNS = Setting.optional(
            "outbox.source.tables[*].header-columns.*",
            SettingTypes.IDENTIFIER,
            "A column that becomes a header, by the header's name; a null is no header.");
    static final Setting<List<String>> TABLES_FILTER = Setting.optional(
            "outbox.source.tables[*].filter.*",
            MappingTypes.VALUES,
            "By column: the values, separated by commas, with which a row is an event; other rows are left alone.");
    static final Setting<String> TABLES_PUBLICATION_FILTER = Setting.optional(
            "outbox.source.tables[*].publication-filter",
            SettingTypes.TEXT,
            "The row filter that the publication is meant to have for this table, as in its WHERE.");
    static final Setting<String> TABLES_STATUS_COLUMN = Setting.optional(
            "outbox.source.tables[*].status-column",
            SettingTypes.IDENTIFIER,
            "A column that shows what became of a row: a text, an enum, a number or a boolean.");
    static final Setting<List<String>> TABLES_STATUS_PENDING = Setting.optional(
            "outbox.source.tables[*].status-pending",
            MappingTypes.VALUES,
            "Its values before publishing, separated by commas; by default every other value, null too.");
    static final Setting<String> TABLES_STATUS_PUBLISHED = Setting.optional(
            "outbox.source.tables[*].status-published", SettingTypes.TEXT, "Its value once a row is published.");
    static final Setting<String> TABLES_STATUS_FAILED = Setting.optional(
            "outbox.source.tables[*].status-failed",
            SettingTypes.TEXT,
            "Its value once a row is a dead letter; by default such a row stays as it is.");
    static final Setting<String> TABLES_PUBLISHED_AT_COLUMN = Setting.optional(
            "outbox.source.tables[*].published-at-column",
            SettingTypes.IDENTIFIER,
            "A column that is null until it gets the time of publishing.");
    static final Setting<String> TABLES_FAILED_AT_COLUMN = Setting.optional(
            "outbox.source.tables[*].failed-at-column",
            SettingTypes.IDENTIFIER,
            "A column that is null until it gets the time at which a row became a dead letter.");
    static final Setting<SettleMode> TABLES_SETTLE = Setting.optional(
            "outbox.source.tables[*].settle",
            SettingTypes.oneOf(SettleMode.class),
            "What happens to its published rows; by default outbox.settle.mode (native), mark (where a column for that is"
                    + " named above), else keep.");
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

    static final Setting<PendingMode> SOURCE_BACKLOG = Setting.withDefault(
            "outbox.source.backlog",
            SettingTypes.oneOf(PendingMode.class),
            "publish",
            "What becomes of rows that are pending and not in the slot, because they are older or it was made anew:"
                    + " publish them first, or ignore them.");

    static final Setting<Naming> NAMING = Setting.withDefault(
            "outbox.naming",
            SettingTypes.oneOf(Naming.class),
            "strict",
            "Whether tenant ids outside [A-Za-z0-9_-]{1,64} are dead letters (strict) or encoded (encode).");

    static final Setting<String> ROUTES_NAME = Setting.required(
            "outbox.routes[*].name", SettingTypes.TEXT, "What a routing rule is called in dead letters and logs.");
    static final Setting<String> ROUTES_TENANTS = Setting.withDefault(
            "outbox.routes[*].tenants",
            SettingTypes.TEXT,
            "*",
            "Whose events it is for: a tenant id, or a pattern in which * is any run of characters.");
    static final Setting<String> ROUTES_SUBJECTS = Setting.withDefault(
            "outbox.routes[*].subjects",
            SettingTypes.TEXT,
            ">",
            "Which subjects below the tenant's prefix: * is one token, > at the end the rest.");
    static final Setting<String> ROUTES_ACTION = Setting.required(
            "outbox.routes[*].action",
            SettingTypes.TEXT,
            "What becomes of such an event: rewrite (subject-template, headers or both), drop or dead_letter.");
    static final Setting<String> ROUTES_SUBJECT_TEMPLATE = Setting.optional(
            "outbox.routes[*].subject-template",
            SettingTypes.TEXT,
            "The new subject below the tenant's prefix; {1} is the first token of the old one, {rest} what > matched.");
    static final Setting<String> ROUTES_HEADERS = Setting.optional(
            "outbox.routes[*].headers.*", SettingTypes.TEXT, "A header to add, by its name, unless the event has it.");

    private static final SettingType<Long> STREAM_BYTES = SizeText.between("1KB", "1000000GB");

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
    static final Setting<Long> STREAMS_MAX_BYTES = Setting.optional(
            "outbox.streams.max-bytes",
            STREAM_BYTES,
            "Most bytes that a stream keeps; without it there is no such limit.");
    static final Setting<Discard> STREAMS_DISCARD = Setting.withDefault(
            "outbox.streams.discard",
            SettingTypes.oneOf(Discard.class),
            "old",
            "What a full stream does: drop its oldest messages (old) or refuse new ones (new: the tenant is parked).");
    static final Setting<Storage> STREAMS_STORAGE = Setting.withDefault(
            "outbox.streams.storage",
            SettingTypes.oneOf(Storage.class),
            "file",
            "Where a stream keeps its messages; cannot be changed for one that exists.");
    static final Setting<Compression> STREAMS_COMPRESSION = Setting.withDefault(
            "outbox.streams.compression",
            SettingTypes.oneOf(Compression.class),
            "none",
            "Whether the server compresses a stream's files.");
    static final Setting<Provision> STREAMS_PROVISION = Setting.withDefault(
            "outbox.streams.provision",
            SettingTypes.oneOf(Provision.class),
            "manage",
            "Whether the relay creates and changes streams (manage), only compares them (verify), or neither (off).");
    static final Setting<Duration> STREAMS_CHECK_INTERVAL = Setting.withDefault(
            "outbox.streams.check-interval",
            DurationText.between("1s", "1d"),
            "5m",
            "How often all streams are compared with their policies, beside the server's own word of each change.");
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
    static final Setting<Boolean> LANES_PAUSED = Setting.withDefault(
            "outbox.lanes.paused",
            SettingTypes.FLAG,
            "false",
            "true: every tenant is paused, whatever policies say; what comes is parked.");

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

    static final Setting<Boolean> DEAD_LETTER_CONSUMERS = Setting.withDefault(
            "outbox.dead-letter.consumers",
            SettingTypes.FLAG,
            "false",
            "Whether a message that a consumer gives up (delivered max-deliver times, or terminated by the application)"
                    + " is copied to outbox.dead_letter, as one of kind consumer; counted it is in any case.");

    static final Setting<EventFormat> EVENTS_FORMAT = Setting.withDefault(
            "outbox.events.format",
            SettingTypes.oneOf(EventFormat.class),
            "plain",
            "Whether messages carry the attributes of CloudEvents 1.0 as ce-* headers (binary mode), beside all others.");
    static final Setting<AttributeTemplate> EVENTS_SOURCE = Setting.withDefault(
            "outbox.events.source",
            EventTypes.REFERENCE,
            "/outbox/{tenant}",
            "ce-source; better a URI of your own, since source and id together name an event wherever it goes.");
    static final Setting<AttributeTemplate> EVENTS_TYPE = Setting.withDefault(
            "outbox.events.type",
            EventTypes.ATTRIBUTE,
            "{subject}",
            "ce-type; {subject} is the message's subject below its tenant's prefix.");
    static final Setting<AttributeTemplate> EVENTS_SUBJECT = Setting.optional(
            "outbox.events.subject",
            EventTypes.ATTRIBUTE,
            "ce-subject; without it only events whose row has a header ce-subject have one.");
    static final Setting<String> EVENTS_CONTENT_TYPE = Setting.optional(
            "outbox.events.content-type",
            EventTypes.MEDIA_TYPE,
            "ce-datacontenttype of events whose row has no header Content-Type.");

    static final Setting<String> TRACING_ENDPOINT = Setting.optional(
            "outbox.tracing.endpoint",
            ServerUrls.COLLECTOR,
            "A collector that takes spans by OTLP over HTTP; /v1/traces is put behind it unless it ends so. Without it there"
                    + " are no spans.");
    static final Setting<String> TRACING_SERVICE_NAME = Setting.withDefault(
            "outbox.tracing.service-name", SettingTypes.TEXT, "outbox-relay", "The service.name of the spans.");
    static final Setting<Double> TRACING_SAMPLE = Setting.withDefault(
            "outbox.tracing.sample",
            SettingTypes.SHARE,
            "0",
            "The share of events without a traceparent that get a span, the first of its trace; for the others the"
                    + " traceparent decides.");
    static final Setting<Path> TRACING_HEADERS_FILE = Setting.optional(
            "outbox.tracing.headers-file",
            SettingTypes.FILE,
            "A file with headers for a collector that wants a login, one Name: value in a line. It is read again for each"
                    + " request.");
    static final Setting<Path> TRACING_TLS_CA_FILE = Setting.optional(
            "outbox.tracing.tls.ca-file",
            SettingTypes.FILE,
            "A PEM file with the certificates that the collector's is checked against, read at the start; by default those"
                    + " of the Java runtime.");

    static final Setting<OnRefusal> HA_ON_REFUSAL = Setting.withDefault(
            "outbox.ha.on-refusal",
            SettingTypes.oneOf(OnRefusal.class),
            "exit",
            "What the relay does at its start about what only a person can mend (a missing slot or grant, a wrong"
                    + " password): end with exit code 2 (exit), or say so, not be ready, and try again (wait). For"
                    + " sidecars: wait.");

    static final Setting<TenantPattern> POLICIES_TENANTS = Setting.required(
            "outbox.policies[*].tenants",
            SettingTypes.parsed("a tenant id, or a pattern in which * is any run of characters", TenantPattern::parse),
            "The tenants that this group of settings is for; the first group that fits a tenant counts, and a row of"
                    + " outbox.tenant counts more.");
    static final Setting<Boolean> POLICIES_PAUSED = Setting.optional(
            "outbox.policies[*].paused", SettingTypes.FLAG, "true: nothing is published, events are parked.");
    static final Setting<Provision> POLICIES_PROVISION = Setting.optional(
            "outbox.policies[*].provision", SettingTypes.oneOf(Provision.class), group("outbox.streams.provision"));
    static final Setting<Duration> POLICIES_MAX_AGE =
            Setting.optional("outbox.policies[*].max-age", STREAMS_MAX_AGE.type(), group("outbox.streams.max-age"));
    static final Setting<Long> POLICIES_MAX_MESSAGES = Setting.optional(
            "outbox.policies[*].max-messages", STREAMS_MAX_MESSAGES.type(), group("outbox.streams.max-messages"));
    static final Setting<Long> POLICIES_MAX_BYTES =
            Setting.optional("outbox.policies[*].max-bytes", STREAM_BYTES, group("outbox.streams.max-bytes"));
    static final Setting<Integer> POLICIES_REPLICAS =
            Setting.optional("outbox.policies[*].replicas", STREAMS_REPLICAS.type(), group("outbox.streams.replicas"));
    static final Setting<Discard> POLICIES_DISCARD =
            Setting.optional("outbox.policies[*].discard", STREAMS_DISCARD.type(), group("outbox.streams.discard"));
    static final Setting<Storage> POLICIES_STORAGE =
            Setting.optional("outbox.policies[*].storage", STREAMS_STORAGE.type(), group("outbox.streams.storage"));
    static final Setting<Compression> POLICIES_COMPRESSION = Setting.optional(
            "outbox.policies[*].compression", STREAMS_COMPRESSION.type(), group("outbox.streams.compression"));
    static final Setting<Duration> POLICIES_DUPLICATE_WINDOW = Setting.optional(
            "outbox.policies[*].duplicate-window",
            STREAMS_DUPLICATE_WINDOW.type(),
            group("outbox.streams.duplicate-window"));
    static final Setting<Integer> POLICIES_WINDOW =
            Setting.optional("outbox.policies[*].window", LANES_WINDOW.type(), group("outbox.lanes.window"));
    static final Setting<Duration> POLICIES_PARK_AFTER = Setting.optional(
            "outbox.policies[*].park-after", LANES_PARK_AFTER.type(), group("outbox.lanes.park-after"));
    static final Setting<Duration> POLICIES_RETRY_INITIAL =
            Setting.optional("outbox.policies[*].retry-initial", RETRY_INITIAL.type(), group("outbox.retry.initial"));
    static final Setting<Duration> POLICIES_RETRY_MAX =
            Setting.optional("outbox.policies[*].retry-max", RETRY_MAX.type(), group("outbox.retry.max"));
    static final Setting<Integer> POLICIES_RETRY_MAX_ATTEMPTS = Setting.optional(
            "outbox.policies[*].retry-max-attempts", RETRY_MAX_ATTEMPTS.type(), group("outbox.retry.max-attempts"));
    static final Setting<Poison> POLICIES_POISON = Setting.optional(
            "outbox.policies[*].poison", DEAD_LETTER_POISON.type(), group("outbox.dead-letter.poison"));

    private static String group(String key) {
        return "The same as " + key + ", for these tenants.";
    }

    static final Setting<Duration> CONSUMER_ACK_WAIT = Setting.withDefault(
            "outbox.consumer-defaults.ack-wait",
            ConsumerTypes.PAUSE,
            "30s",
            "How long the server waits for the acknowledgement of a delivered message; per consumer, if not said there.");
    static final Setting<Integer> CONSUMER_MAX_ACK_PENDING = Setting.withDefault(
            "outbox.consumer-defaults.max-ack-pending",
            ConsumerTypes.BOUND,
            "500",
            "Most messages that are delivered and not acknowledged; -1 is no bound.");
    static final Setting<Integer> CONSUMER_MAX_DELIVER = Setting.withDefault(
            "outbox.consumer-defaults.max-deliver",
            ConsumerTypes.BOUND,
            "-1",
            "Deliveries of one message before the server gives it up; -1 is no bound.");
    static final Setting<List<Duration>> CONSUMER_BACKOFF = Setting.optional(
            "outbox.consumer-defaults.backoff",
            ConsumerTypes.BACKOFF,
            "Pauses before a message is delivered again, instead of ack-wait; no more than max-deliver.");

    static final Setting<String> CONSUMERS_NAME = Setting.required(
            "outbox.consumers[*].name",
            ConsumerTypes.NAME,
            "A durable consumer to provision with each stream of these tenants.");
    static final Setting<TenantPattern> CONSUMERS_TENANTS = Setting.withDefault(
            "outbox.consumers[*].tenants",
            ConsumerTypes.TENANTS,
            "*",
            "Whose: a tenant id or a pattern with *. The table outbox.consumer wins, then the first that fits.");
    static final Setting<String> CONSUMERS_FILTER_SUBJECT = Setting.optional(
            "outbox.consumers[*].filter-subject",
            ConsumerTypes.FILTER,
            "Which subjects below the tenant's prefix, NATS wildcards allowed; all if not given.");
    static final Setting<Duration> CONSUMERS_ACK_WAIT =
            Setting.optional("outbox.consumers[*].ack-wait", ConsumerTypes.PAUSE, "Its own ack wait.");
    static final Setting<Integer> CONSUMERS_MAX_ACK_PENDING = Setting.optional(
            "outbox.consumers[*].max-ack-pending", ConsumerTypes.BOUND, "Its own bound of unacknowledged messages.");
    static final Setting<Integer> CONSUMERS_MAX_DELIVER =
            Setting.optional("outbox.consumers[*].max-deliver", ConsumerTypes.BOUND, "Its own bound of deliveries.");
    static final Setting<List<Duration>> CONSUMERS_BACKOFF =
            Setting.optional("outbox.consumers[*].backoff", ConsumerTypes.BACKOFF, "Its own pauses.");

    static final Setting<BindAddress> ADMIN_BIND = Setting.withDefault(
            "outbox.admin.bind", BindAddress.TYPE, "127.0.0.1:8080", "Where health, metrics and status are served.");
    static final Setting<Integer> ADMIN_MAX_TENANT_LABELS = Setting.withDefault(
            "outbox.admin.max-tenant-labels",
            SettingTypes.whole(0, 1_000_000),
            "1000",
            "Most tenants with a metric label of their own; the others share one.");
    static final Setting<Duration> ADMIN_LAG_INTERVAL = Setting.withDefault(
            "outbox.admin.lag-interval",
            DurationText.between("1s", "1h"),
            "5s",
            "The pause between two looks at all tenants' consumers; longer where a look takes long.");

    static final Setting<Secret> ADMIN_TOKEN = Setting.optional(
            "outbox.admin.token",
            AdminTypes.TOKEN,
            "What a request has to show (Authorization: Bearer) to replay or discard dead letters or to see a payload;"
                    + " without one nobody can. Better given as a file.");
    static final Setting<Path> ADMIN_TOKEN_FILE = Setting.optional(
            "outbox.admin.token-file",
            SettingTypes.FILE,
            "A file that holds that token; a line end after it does not count. It is read again when it changes.");
    static final Setting<Boolean> ADMIN_TOKEN_FOR_READING = Setting.withDefault(
            "outbox.admin.token-for-reading",
            SettingTypes.FLAG,
            "false",
            "Whether metrics and status want the token too; health never does.");
    static final Setting<List<String>> ADMIN_HOSTS = Setting.optional(
            "outbox.admin.hosts",
            AdminTypes.HOSTS,
            "Names under which a proxy on this machine passes requests on to an address of loopback; others than"
                    + " localhost are refused there, so that no page of the internet can read through a browser.");

    private static final List<Setting<?>> ALL = List.of(
            POSTGRES_URL,
            POSTGRES_USER,
            POSTGRES_PASSWORD,
            POSTGRES_PASSWORD_FILE,
            POSTGRES_PASSFILE,
            POSTGRES_TLS_CA_FILE,
            POSTGRES_TLS_CERT_FILE,
            POSTGRES_TLS_KEY_FILE,
            POSTGRES_SLOT,
            POSTGRES_PUBLICATION,
            POSTGRES_WAL_BUDGET,
            NATS_URL,
            NATS_CREDENTIALS_FILE,
            NATS_NKEY_FILE,
            NATS_USER,
            NATS_PASSWORD,
            NATS_PASSWORD_FILE,
            NATS_TOKEN,
            NATS_TOKEN_FILE,
            NATS_CONTEXT_FILE,
            NATS_TLS_CA_FILE,
            NATS_TLS_CERT_FILE,
            NATS_TLS_KEY_FILE,
            NATS_TLS_HANDSHAKE_FIRST,
            SOURCE_TABLE,
            TABLES_TABLE,
            TABLES_PRESET,
            TABLES_ID_COLUMN,
            TABLES_ORDER_COLUMN,
            TABLES_TENANT,
            TABLES_TENANT_COLUMN,
            TABLES_TENANT_PATH,
            TABLES_TENANT_LOOKUP,
            TABLES_SUBJECT,
            TABLES_SUBJECT_PATTERN,
            TABLES_SUBJECT_REPLACEMENT,
            TABLES_PAYLOAD_COLUMN,
            TABLES_PAYLOAD_PATH,
            TABLES_NULL_PAYLOAD,
            TABLES_HEADERS_COLUMN,
            TABLES_HEADERS_PATH,
            TABLES_HEADER_COLUMNS,
            TABLES_FILTER,
            TABLES_PUBLICATION_FILTER,
            TABLES_STATUS_COLUMN,
            TABLES_STATUS_PENDING,
            TABLES_STATUS_PUBLISHED,
            TABLES_STATUS_FAILED,
            TABLES_PUBLISHED_AT_COLUMN,
            TABLES_FAILED_AT_COLUMN,
            TABLES_SETTLE,
            SOURCE_READER,
            SOURCE_POLL_INTERVAL,
            SOURCE_MAX_BATCH,
            SOURCE_QUEUE_BYTES,
            SOURCE_BACKLOG,
            NAMING,
            ROUTES_NAME,
            ROUTES_TENANTS,
            ROUTES_SUBJECTS,
            ROUTES_ACTION,
            ROUTES_SUBJECT_TEMPLATE,
            ROUTES_HEADERS,
            STREAMS_REPLICAS,
            STREAMS_MAX_AGE,
            STREAMS_MAX_MESSAGES,
            STREAMS_DUPLICATE_WINDOW,
            STREAMS_MAX_BYTES,
            STREAMS_DISCARD,
            STREAMS_STORAGE,
            STREAMS_COMPRESSION,
            STREAMS_PROVISION,
            STREAMS_CHECK_INTERVAL,
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
            LANES_PAUSED,
            RETRY_INITIAL,
            RETRY_MAX,
            RETRY_MAX_ATTEMPTS,
            SETTLE_MODE,
            SETTLE_BATCH,
            SETTLE_LINGER,
            DEAD_LETTER_POISON,
            DEAD_LETTER_CONSUMERS,
            EVENTS_FORMAT,
            EVENTS_SOURCE,
            EVENTS_TYPE,
            EVENTS_SUBJECT,
            EVENTS_CONTENT_TYPE,
            TRACING_ENDPOINT,
            TRACING_SERVICE_NAME,
            TRACING_SAMPLE,
            TRACING_HEADERS_FILE,
            TRACING_TLS_CA_FILE,
            HA_ON_REFUSAL,
            POLICIES_TENANTS,
            POLICIES_PAUSED,
            POLICIES_PROVISION,
            POLICIES_MAX_AGE,
            POLICIES_MAX_MESSAGES,
            POLICIES_MAX_BYTES,
            POLICIES_REPLICAS,
            POLICIES_DISCARD,
            POLICIES_STORAGE,
            POLICIES_COMPRESSION,
            POLICIES_DUPLICATE_WINDOW,
            POLICIES_WINDOW,
            POLICIES_PARK_AFTER,
            POLICIES_RETRY_INITIAL,
            POLICIES_RETRY_MAX,
            POLICIES_RETRY_MAX_ATTEMPTS,
            POLICIES_POISON,
            CONSUMER_ACK_WAIT,
            CONSUMER_MAX_ACK_PENDING,
            CONSUMER_MAX_DELIVER,
            CONSUMER_BACKOFF,
            CONSUMERS_NAME,
            CONSUMERS_TENANTS,
            CONSUMERS_FILTER_SUBJECT,
            CONSUMERS_ACK_WAIT,
            CONSUMERS_MAX_ACK_PENDING,
            CONSUMERS_MAX_DELIVER,
            CONSUMERS_BACKOFF,
            ADMIN_BIND,
            ADMIN_MAX_TENANT_LABELS,
            ADMIN_LAG_INTERVAL,
            ADMIN_TOKEN,
            ADMIN_TOKEN_FILE,
            ADMIN_TOKEN_FOR_READING,
            ADMIN_HOSTS);

    /** Secrets whose file is read at each connection, so that a new one counts without a restart. */
    private static final List<Setting<Secret>> READ_AT_USE =
            List.of(POSTGRES_PASSWORD, NATS_PASSWORD, NATS_TOKEN, ADMIN_TOKEN);

    private static final Pattern INDEX = Pattern.compile("\\[\\d{1,4}]");

    /** Every setting, in the order in which the reference shows them. */
    public static List<Setting<?>> all() {
        return ALL;
    }

    /** Whether this secret's file is read by whoever connects, each time, and not once at the start. */
    public static boolean isReadAtUse(Setting<?> secret) {
        return READ_AT_USE.contains(secret);
    }

    /** Whether a key, with real indexes and names, is a setting. */
    static boolean knows(String key) {
        String generic = generic(key);
        return keys().contains(generic) || keys().stream().anyMatch(known -> isNamed(known, generic));
    }

    /** Whether a known key ends with any name, as {@code outbox.routes[*].headers.*} does, and this one has such. */
    private static boolean isNamed(String known, String key) {
        return known.endsWith(".*")
                && key.length() > known.length() - 1
                && key.startsWith(known.substring(0, known.length() - 1));
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

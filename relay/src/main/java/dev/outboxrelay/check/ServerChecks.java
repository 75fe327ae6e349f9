package dev.outboxrelay.check;

import dev.outboxrelay.config.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What holds for the PostgreSQL server as a whole. */
final class ServerChecks {

    private static final int OLDEST = 15;
    private static final int NEWEST = 18;

    /** What an instance uses at most, standing by and leading. */
    private static final long CONNECTIONS = 10;

    private static final long SHORTEST_TIMEOUT_MILLIS = 5_000;
    private static final Duration CLOCK_WARN = Duration.ofSeconds(2);

    /** Objects that tell which version of the schema is installed, as {@code table.column} or {@code function()}. */
    private final Settings settings;

    private final PostgresFacts facts;
    private final PostgresFacts.Server server;

    ServerChecks(Settings settings, PostgresFacts facts) {
        this.settings = settings;
        this.facts = facts;
        this.server = facts.server();
    }

    Result version() {
        int major = server.version() / 10_000;
        String text = "PostgreSQL " + server.shownVersion();
        if (major < OLDEST) {
            return Result.fail(
                    Check.POSTGRES_VERSION,
                    text + " is older than " + OLDEST,
                    Remedy.shell("pg_upgrade --help").then("upgrade the cluster to 15 or newer"));
        }
        return major > NEWEST
                ? Result.warn(Check.POSTGRES_VERSION, text + ": newer than " + NEWEST + ", the newest that was tried")
                : Result.pass(Check.POSTGRES_VERSION, text);
    }

    Result primary() {
        return server.standby()
                ? Result.fail(
                        Check.POSTGRES_PRIMARY,
                        "the server is a standby: name every server, the relay finds the primary",
                        Remedy.relay("outbox.postgres.url: jdbc:postgresql://PRIMARY:5432,STANDBY:5432/"
                                + server.database()))
                : Result.pass(Check.POSTGRES_PRIMARY, "the server is a primary");
    }

    Result walLevel() {
        String level =
                server.setting("wal_level").map(PostgresFacts.Setting::value).orElse("?");
        return level.equals("logical")
                ? Result.pass(Check.WAL_LEVEL, "wal_level is logical")
                : Result.fail(
                        Check.WAL_LEVEL,
                        "wal_level is " + level + ", logical decoding needs logical",
                        Statements.setAndRestart("wal_level", "logical"));
    }

    Result replicationSlots() {
        long most = server.number("max_replication_slots");
        String text = server.slots() + " of max_replication_slots = " + most + " are in use";
        boolean hasOwn = facts.slot(settings.postgres().slot()).isPresent();
        return hasOwn || server.slots() < most
                ? Result.pass(Check.MAX_REPLICATION_SLOTS, text + (hasOwn ? ", one of them the relay's" : ""))
                : Result.fail(
                        Check.MAX_REPLICATION_SLOTS,
                        text + ", and the relay has none yet",
                        Statements.setAndRestart("max_replication_slots", Long.toString(most + 2)));
    }

    Result walSenders() {
        long most = server.number("max_wal_senders");
        boolean isRead = facts.slot(settings.postgres().slot())
                .filter(slot -> slot.pid() != null)
                .isPresent();
        long free = most - server.senders();
        String text = server.senders() + " of max_wal_senders = " + most + " are in use";
        Remedy more = Statements.setAndRestart("max_wal_senders", Long.toString(server.senders() + 4));
        if (free < 1 && !isRead) {
            return Result.fail(Check.MAX_WAL_SENDERS, text + ": the relay cannot read its slot", more);
        }
        return free < 1
                ? Result.warn(
                        Check.MAX_WAL_SENDERS,
                        text + ": a standby that takes over has to wait for the old leader's",
                        more)
                : Result.pass(Check.MAX_WAL_SENDERS, text);
    }

    Result connections() {
        List<Finding> findings = new ArrayList<>();
        long reserved = server.number("superuser_reserved_connections") + server.number("reserved_connections");
        long most = server.number("max_connections");
        long free = most - reserved - server.connections();
        if (free < CONNECTIONS) {
            findings.add(Finding.warn(
                    "only " + Math.max(0, free) + " connections are free (max_connections = " + most + ", "
                            + server.connections() + " in use, " + reserved + " reserved); a relay takes up to "
                            + CONNECTIONS,
                    Statements.setAndRestart("max_connections", Long.toString(most + 2 * CONNECTIONS))));
        }
        long limit = facts.role().connectionLimit();
        if (limit >= 0 && limit < CONNECTIONS) {
            String role = SqlText.name(facts.role().name());
            findings.add(Finding.warn(
                    "role " + role + " may have " + limit + " connections; a relay takes up to " + CONNECTIONS,
                    Remedy.sql("ALTER ROLE " + role + " CONNECTION LIMIT " + 2 * CONNECTIONS + ";")));
        }
        return Result.of(Check.MAX_CONNECTIONS, findings, free + " connections are free");
    }

    Result walSenderTimeout() {
        long millis = server.number("wal_sender_timeout");
        List<Remedy> remedies = new ArrayList<>(Statements.release(facts, "wal_sender_timeout"));
        if (remedies.isEmpty()) {
            remedies.addAll(Statements.set(facts, "wal_sender_timeout", "60s"));
        }
        List<Finding> findings = new ArrayList<>();
        if (millis == 0) {
            findings.add(Finding.warn("wal_sender_timeout is 0: a relay that vanished is never given up", remedies));
        } else if (millis < SHORTEST_TIMEOUT_MILLIS) {
            findings.add(Finding.warn(
                    "wal_sender_timeout is " + millis + " ms: a short pause ends the relay's connection", remedies));
        }
        return Result.of(Check.WAL_SENDER_TIMEOUT, findings, "wal_sender_timeout is " + millis + " ms");
    }

    Result slotWalKeepSize() {
        long megabytes = server.number("max_slot_wal_keep_size");
        long budget = settings.postgres().walBudget();
        List<Remedy> twice = Statements.set(facts, "max_slot_wal_keep_size", SizeWords.atLeast(2 * budget));
        String shown = "max_slot_wal_keep_size is " + (megabytes < 0 ? "-1 (no limit)" : megabytes + "MB");
        List<Finding> findings = new ArrayList<>();
        if (megabytes < 0) {
            findings.add(Finding.warn(
                    shown + ": a relay that is away for long fills the disk; or leave it so, and watch"
                            + " outbox_relay_slot_retained_bytes",
                    twice));
        } else if (megabytes << 20 <= budget) {
            findings.add(Finding.fail(
                    shown + ", and outbox.postgres.wal-budget is " + SizeWords.bytes(budget)
                            + ": the slot is lost before the relay has parked what pins it",
                    twice));
        } else if (megabytes << 20 < budget + budget / 2) {
            findings.add(Finding.warn(
                    shown + ", hardly more than outbox.postgres.wal-budget (" + SizeWords.bytes(budget) + ")", twice));
        }
        return Result.of(Check.MAX_SLOT_WAL_KEEP_SIZE, findings, shown);
    }

    Result idleSlotTimeout() {
        if (server.setting("idle_replication_slot_timeout").isEmpty()) {
            return Result.pass(Check.IDLE_SLOT_TIMEOUT, "this version has no idle_replication_slot_timeout");
        }
        long idle = server.number("idle_replication_slot_timeout");
        String unit = server.setting("idle_replication_slot_timeout")
                .map(PostgresFacts.Setting::unit)
                .orElse("");
        List<Finding> findings = new ArrayList<>();
        if (idle > 0) {
            findings.add(Finding.warn(
                    "idle_replication_slot_timeout is " + idle + " " + unit + ": a relay that is stopped for longer"
                            + " loses its slot",
                    Statements.set(facts, "idle_replication_slot_timeout", "0")));
        }
        return Result.of(Check.IDLE_SLOT_TIMEOUT, findings, "idle_replication_slot_timeout is 0");
    }

    Result clock() {
        return clock(Check.POSTGRES_CLOCK, "PostgreSQL's", server.ahead());
    }

    static Result clock(Check check, String whose, Duration ahead) {
        String text = whose + " clock is " + SizeWords.time(ahead) + (ahead.isNegative() ? " behind" : " ahead of")
                + " this machine's";
        return ahead.abs().compareTo(CLOCK_WARN) > 0
                ? Result.warn(
                        check,
                        text,
                        Remedy.shell("timedatectl set-ntp true").then("on the machine whose clock is wrong"))
                : Result.pass(check, text);
    }

    Result schemaVersion() {
        List<SchemaVersion> missing = SchemaVersion.missing(server.objects());
        if (missing.isEmpty()) {
            return Result.pass(Check.SCHEMA_VERSION, "schema version " + SchemaVersion.newest() + " is installed");
        }
        List<String> files = missing.stream().map(SchemaVersion::file).toList();
        Remedy migrate = Statements.migrate(facts, files);
        String where = String.join(", ", files) + " is not installed in database " + server.database();
        if (missing.stream().anyMatch(SchemaVersion::isNeeded)) {
            return Result.fail(Check.SCHEMA_VERSION, where, migrate);
        }
        return Result.warn(
                Check.SCHEMA_VERSION,
                where + ": " + missing.stream().map(SchemaVersion::without).collect(Collectors.joining("; ")),
                migrate);
    }
}

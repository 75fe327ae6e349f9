package dev.outboxrelay.check;

import dev.outboxrelay.check.PostgresFacts.Slot;
import dev.outboxrelay.config.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The relay's slot, and what keeps WAL beside it. */
final class SlotChecks {

    private static final String NONE = "there is no usable slot: see slot";

    private final Settings settings;
    private final PostgresFacts facts;
    private final String name;
    private final Optional<Slot> usable;

    SlotChecks(Settings settings, PostgresFacts facts) {
        this.settings = settings;
        this.facts = facts;
        this.name = settings.postgres().slot();
        this.usable = facts.slot(name).filter(this::isOfTheRightKind);
    }

    private boolean isOfTheRightKind(Slot slot) {
        return slot.type().equals("logical")
                && "pgoutput".equals(slot.plugin())
                && !slot.temporary()
                && facts.server().database().equals(slot.database());
    }

    private List<Remedy> replace() {
        return List.of(Remedy.sql(Statements.dropSlot(name)), Remedy.sql(Statements.createSlot(name)));
    }

    Result exists() {
        Optional<Slot> found = facts.slot(name);
        List<Finding> findings = new ArrayList<>();
        if (found.isEmpty()) {
            findings.add(Finding.fail(
                    "replication slot " + name + " does not exist: it was never made, was dropped, or was not"
                            + " synchronised to this server; rows from before are not in a new slot (after the"
                            + " publication exists:)",
                    Remedy.sql(Statements.createSlot(name))));
        } else if (usable.isEmpty()) {
            Slot slot = found.get();
            findings.add(Finding.fail(
                    "replication slot " + name + " is a " + (slot.temporary() ? "temporary " : "") + slot.type()
                            + " slot" + (slot.plugin() == null ? "" : " of plugin " + slot.plugin())
                            + (slot.database() == null ? "" : " in database " + slot.database())
                            + ", not a logical one of pgoutput in database "
                            + facts.server().database() + "; name another one in outbox.postgres.slot, or, if nobody"
                            + " needs it:",
                    replace()));
        }
        return Result.of(
                Check.SLOT,
                findings,
                "replication slot " + name + " is a logical one of pgoutput in database "
                        + facts.server().database());
    }

    Result wal() {
        if (usable.isEmpty()) {
            return Result.skipped(Check.SLOT_WAL, NONE);
        }
        Slot slot = usable.get();
        List<Finding> findings = new ArrayList<>();
        if (slot.walStatus().equals("lost") || slot.invalidation() != null) {
            findings.add(Finding.fail(
                    "replication slot " + name + " is lost"
                            + (slot.invalidation() == null ? "" : " (" + slot.invalidation() + ")")
                            + ": WAL that it needed was removed; rows committed since then are still in the table",
                    replace()));
        } else if (slot.walStatus().equals("unreserved")) {
            findings.add(Finding.warn(
                    "replication slot " + name + " is about to be lost: it keeps " + SizeWords.bytes(slot.retained())
                            + ", more than max_slot_wal_keep_size",
                    Statements.set(
                            facts,
                            "max_slot_wal_keep_size",
                            SizeWords.atLeast(2
                                    * Math.max(
                                            slot.retained(), settings.postgres().walBudget())))));
        }
        return Result.of(Check.SLOT_WAL, findings, "wal_status is " + slot.walStatus());
    }

    Result reader() {
        if (usable.isEmpty()) {
            return Result.skipped(Check.SLOT_READER, NONE);
        }
        Slot slot = usable.get();
        if (slot.pid() == null) {
            return Result.pass(Check.SLOT_READER, "nobody reads slot " + name + ": no relay runs");
        }
        if (slot.reader() == null || slot.reader().equals(facts.role().name())) {
            return Result.pass(Check.SLOT_READER, "a relay reads slot " + name + " (backend " + slot.pid() + ")");
        }
        return Result.fail(
                Check.SLOT_READER,
                "slot " + name + " is read by role " + SqlText.name(slot.reader()) + " (backend " + slot.pid()
                        + "), and no relay comes as that",
                Remedy.sql("SELECT pg_terminate_backend(" + slot.pid() + ");"));
    }

    Result budget() {
        if (usable.isEmpty()) {
            return Result.skipped(Check.SLOT_BUDGET, NONE);
        }
        long retained = usable.get().retained();
        long budget = settings.postgres().walBudget();
        String text = "slot " + name + " keeps " + SizeWords.bytes(retained) + " of WAL, the budget is "
                + SizeWords.bytes(budget);
        Remedy more = Remedy.relay("outbox.postgres.wal-budget: " + SizeWords.atLeast(3 * retained));
        String how = "; run the relay, or see in outbox-relay status who holds it up; with disk to spare:";
        if (retained >= budget) {
            return Result.fail(Check.SLOT_BUDGET, text + how, more);
        }
        return retained >= budget / 2
                ? Result.warn(Check.SLOT_BUDGET, text + how, more)
                : Result.pass(Check.SLOT_BUDGET, text);
    }

    Result disk() {
        Seen<Long> seen = facts.server().freeDisk();
        if (!seen.isSeen()) {
            return Result.skipped(
                    Check.WAL_DISK,
                    seen.reason(),
                    Remedy.shell("df -h \"$(psql -Atc 'SHOW data_directory')/pg_wal\"")
                            .then(
                                    "on the database's machine, as its superuser; compare with outbox.postgres.wal-budget"));
        }
        long free = seen.get();
        long still =
                settings.postgres().walBudget() - usable.map(Slot::retained).orElse(0L);
        String text = SizeWords.bytes(free) + " are free where the WAL is, and the slot may still keep "
                + SizeWords.bytes(Math.max(0, still));
        return free < still
                ? Result.warn(
                        Check.WAL_DISK, text, Remedy.relay("outbox.postgres.wal-budget: " + SizeWords.atMost(free / 2)))
                : Result.pass(Check.WAL_DISK, text);
    }

    Result others() {
        List<Finding> findings = new ArrayList<>();
        for (Slot other : facts.slots()) {
            if (!other.name().equals(name)
                    && other.retained() >= settings.postgres().walBudget() / 2) {
                findings.add(Finding.warn(
                        other.type() + " slot " + other.name() + " keeps " + SizeWords.bytes(other.retained())
                                + " of WAL" + (other.pid() == null ? " and nobody reads it" : "")
                                + "; if nobody needs it:",
                        Remedy.sql(Statements.dropSlot(other.name()))));
            }
        }
        return Result.of(Check.OTHER_SLOTS, findings, "no other slot keeps much WAL");
    }

    Result failover() {
        if (usable.isEmpty()) {
            return Result.skipped(Check.FAILOVER_SLOT, NONE);
        }
        boolean several = hosts() > 1;
        Boolean failover = usable.get().failover();
        if (failover == null) {
            return several
                    ? Result.warn(
                            Check.FAILOVER_SLOT,
                            "outbox.postgres.url names several servers, and before PostgreSQL 17 a standby keeps no copy"
                                    + " of the slot: after a promotion create it before applications write",
                            Remedy.shell("psql -d "
                                            + SqlText.shell(facts.server().database()) + " -f schema/slot.sql")
                                    .then("on the new primary, right after the promotion"))
                    : Result.pass(Check.FAILOVER_SLOT, "outbox.postgres.url names one server");
        }
        if (several && !failover) {
            String command = "ALTER_REPLICATION_SLOT " + SqlText.name(name) + " (FAILOVER true)";
            return Result.warn(
                    Check.FAILOVER_SLOT,
                    "outbox.postgres.url names several servers, but slot " + name
                            + " is not one that standbys keep a copy of (while no relay reads it:)",
                    Remedy.shell("psql 'dbname=" + facts.server().database() + " replication=database' -c "
                            + SqlText.shell(command)));
        }
        return Result.pass(
                Check.FAILOVER_SLOT,
                failover ? "slot " + name + " is kept on standbys too" : "outbox.postgres.url names one server");
    }

    private long hosts() {
        String url = settings.postgres().url();
        String servers = url.substring(url.indexOf("//") + 2, url.indexOf('/', url.indexOf("//") + 2));
        return servers.chars().filter(c -> c == ',').count() + 1;
    }

    Result standbySlots() {
        if (usable.isEmpty()) {
            return Result.skipped(Check.STANDBY_SLOTS, NONE);
        }
        boolean kept = Boolean.TRUE.equals(usable.get().failover());
        if (!kept) {
            return Result.pass(Check.STANDBY_SLOTS, "the slot waits for no standby");
        }
        List<String> named = facts.server()
                .setting("synchronized_standby_slots")
                .map(setting -> Arrays.stream(setting.value().split(",", -1))
                        .map(String::strip)
                        .filter(each -> !each.isEmpty())
                        .toList())
                .orElse(List.of());
        List<String> active = facts.slots().stream()
                .filter(slot -> slot.type().equals("physical") && slot.pid() != null)
                .map(Slot::name)
                .toList();
        List<Finding> findings = new ArrayList<>();
        for (String standby : named) {
            if (!active.contains(standby)) {
                boolean there = facts.slot(standby).isPresent();
                findings.add(Finding.fail(
                        "synchronized_standby_slots names " + standby + ", "
                                + (there ? "which no standby reads" : "which does not exist")
                                + ": no event is published until one does",
                        List.of(
                                Remedy.sql("ALTER SYSTEM SET synchronized_standby_slots = "
                                        + SqlText.text(String.join(", ", without(named, active))) + ";"),
                                Remedy.sql("SELECT pg_reload_conf();"))));
            }
        }
        if (named.isEmpty() && hosts() > 1) {
            findings.add(Finding.warn(
                    "synchronized_standby_slots is empty: the relay may publish events that a promoted standby does not"
                            + " have" + (active.isEmpty() ? " (see \"Failover\" in schema/README.md)" : ""),
                    active.isEmpty()
                            ? List.of()
                            : Statements.set(facts, "synchronized_standby_slots", String.join(", ", active))));
        }
        return Result.of(
                Check.STANDBY_SLOTS,
                findings,
                named.isEmpty() ? "the slot waits for no standby" : "the slot waits for " + String.join(", ", named));
    }

    private static List<String> without(List<String> named, List<String> active) {
        return named.stream().filter(active::contains).toList();
    }
}

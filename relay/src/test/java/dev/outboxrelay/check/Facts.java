package dev.outboxrelay.check;

import dev.outboxrelay.check.NatsFacts.Account;
import dev.outboxrelay.check.NatsFacts.Monitor;
import dev.outboxrelay.check.NatsFacts.Probe;
import dev.outboxrelay.check.NatsFacts.Stream;
import dev.outboxrelay.check.NatsFacts.User;
import dev.outboxrelay.check.PostgresFacts.Attempt;
import dev.outboxrelay.check.PostgresFacts.Contents;
import dev.outboxrelay.check.PostgresFacts.Publication;
import dev.outboxrelay.check.PostgresFacts.Relation;
import dev.outboxrelay.check.PostgresFacts.Role;
import dev.outboxrelay.check.PostgresFacts.Server;
import dev.outboxrelay.check.PostgresFacts.Setting;
import dev.outboxrelay.check.PostgresFacts.Slot;
import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettingsReader;
import dev.outboxrelay.event.TableName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Facts of two systems that are as they should be, to be changed in one point. */
final class Facts {

    final Map<String, String> texts = new TreeMap<>(Map.of(
            "outbox.postgres.url", "jdbc:postgresql://db/shop",
            "outbox.nats.url", "nats://n1:4222",
            "outbox.streams.replicas", "1"));

    int version = 180_000;
    boolean standby;
    final Map<String, Setting> settings = new HashMap<>(Map.of(
            "wal_level", new Setting("logical", null, "default"),
            "max_replication_slots", new Setting("10", null, "default"),
            "max_wal_senders", new Setting("10", null, "default"),
            "max_connections", new Setting("100", null, "default"),
            "wal_sender_timeout", new Setting("60000", "ms", "default"),
            "max_slot_wal_keep_size", new Setting("65536", "MB", "configuration file")));
    Role role = new Role("outbox_relay", false, true, false, false, false, -1, List.of(), List.of());
    Slot slot = slot("reserved", false);
    final List<Attempt> attempts = new ArrayList<>();

    @Nullable
    Relation message;

    NatsFacts.Server nats = server("2.12.0", false, true);
    Seen<User> user = Seen.of(new User("relay", "RELAY", null, List.of(), null));
    Seen<Account> account = Seen.of(new Account(1, -1, 0, -1, 0, 0, -1, false, 0));
    Seen<Monitor> monitor = Seen.hidden("nobody has asked");
    final List<Stream> streams = new ArrayList<>();
    final List<Contents> contents = new ArrayList<>();

    static Slot slot(String walStatus, @Nullable Boolean failover) {
        return new Slot(
                "outbox_relay", "logical", "pgoutput", "shop", false, null, null, 1_000, walStatus, null, failover);
    }

    static NatsFacts.Server server(String version, boolean tls, boolean local) {
        return new NatsFacts.Server("nats://n1:4222", version, false, true, tls, local, 1 << 20);
    }

    Settings settings() {
        Map<String, RawValue> raw = new TreeMap<>();
        texts.forEach((key, text) -> raw.put(key, new RawValue(text, "test")));
        return ((Reading.Complete) SettingsReader.read(raw)).settings();
    }

    PostgresFacts postgres() {
        Relation relation = message;
        return new PostgresFacts(
                new Server(
                        version,
                        "18.1",
                        standby,
                        "shop",
                        settings,
                        1,
                        1,
                        5,
                        Duration.ZERO,
                        Seen.hidden("far away"),
                        SchemaVersion.objects()),
                role,
                relation == null ? List.of() : List.of(relation),
                List.of(),
                attempts,
                new Publication(false, true, false, false, false, true, List.of()),
                List.of(),
                List.of(slot),
                Seen.of(List.of()),
                contents);
    }

    NatsFacts natsFacts() {
        return new NatsFacts(
                nats,
                user,
                Seen.of(Duration.ZERO),
                List.of(new Probe("$JS.API.INFO", Probe.Outcome.ALLOWED)),
                List.of(),
                account,
                Seen.of(List.copyOf(streams)),
                monitor);
    }

    Result examine(Check check) {
        return Doctor.examine(settings(), End.of(postgres()), End.of(natsFacts()), EnumSet.of(check))
                .results()
                .get(0);
    }

    /** The outbox, with row-level security on. */
    static Relation secured(PostgresFacts.Policy... policies) {
        return new Relation(
                TableName.OUTBOX_MESSAGE,
                "r",
                true,
                Set.of("SELECT", "UPDATE"),
                List.of(),
                List.of(),
                true,
                List.of(policies),
                true,
                true,
                List.of());
    }
}

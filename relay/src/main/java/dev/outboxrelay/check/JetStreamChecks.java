package dev.outboxrelay.check;

import dev.outboxrelay.check.NatsFacts.Account;
import dev.outboxrelay.check.NatsFacts.Monitor;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.StreamSettings;
import dev.outboxrelay.policy.StreamPolicy;
import dev.outboxrelay.route.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** JetStream as a whole: is it on, and is there room. */
final class JetStreamChecks {

    private static final Duration SHORTEST_WINDOW = Duration.ofSeconds(30);

    private final Settings settings;
    private final NatsFacts facts;
    private final PolicyFacts policies;

    JetStreamChecks(Settings settings, NatsFacts facts, PolicyFacts policies) {
        this.settings = settings;
        this.facts = facts;
        this.policies = policies;
    }

    Result enabled() {
        String url = facts.server().url();
        if (!facts.server().jetStream()) {
            return Result.fail(
                    Check.JETSTREAM,
                    "NATS at " + url + " runs without JetStream",
                    Remedy.nats("jetstream { store_dir: \"/var/lib/nats\" }", "restart nats-server"));
        }
        boolean mayAsk = facts.requests().stream()
                .noneMatch(probe ->
                        probe.subject().equals("$JS.API.INFO") && probe.outcome() == NatsFacts.Probe.Outcome.DENIED);
        if (!mayAsk) {
            return Result.skipped(Check.JETSTREAM, facts.account().reason());
        }
        if (!facts.account().isSeen()) {
            return Result.fail(
                    Check.JETSTREAM,
                    "JetStream at " + url + " refuses the relay's account: "
                            + facts.account().reason(),
                    Remedy.nats("jetstream: enabled", "in the account's block; nats-server --signal reload"));
        }
        return Result.pass(Check.JETSTREAM, "JetStream answers at " + url);
    }

    private Result noAccount(Check check) {
        return Result.skipped(check, "the account cannot be looked at: see jetstream");
    }

    /** Streams that are there, and those that known tenants have yet to get. */
    private long streamsToCome() {
        Set<String> there = facts.streams().isSeen()
                ? facts.streams().get().stream().map(NatsFacts.Stream::name).collect(Collectors.toSet())
                : Set.of();
        return addresses().stream()
                .filter(address -> !there.contains(address.stream().value()))
                .count();
    }

    private List<Address> addresses() {
        return policies.tenants().stream()
                .flatMap(tenant -> Address.of(tenant, settings.naming()).stream())
                .toList();
    }

    Result accountStreams() {
        if (!facts.account().isSeen()) {
            return noAccount(Check.ACCOUNT_STREAMS);
        }
        Account account = facts.account().get();
        List<Finding> findings = new ArrayList<>();
        limit(findings, "streams", account.streams(), streamsToCome(), account.maxStreams(), "max_streams");
        limit(findings, "consumers", account.consumers(), 0, account.maxConsumers(), "max_consumers");
        return Result.of(
                Check.ACCOUNT_STREAMS,
                findings,
                account.streams() + " streams (limit: " + shown(account.maxStreams()) + "), " + account.consumers()
                        + " consumers (limit: " + shown(account.maxConsumers()) + ")");
    }

    private static void limit(List<Finding> findings, String what, long now, long more, long most, String key) {
        long wanted = now + more;
        if (most < 0 || wanted * 10 < most * 8) {
            return;
        }
        String text =
                now + " " + what + (more > 0 ? ", " + more + " to come," : "") + " and the account may have " + most;
        Remedy raise = Remedy.nats(
                key + ": " + Math.max(100, 4 * wanted),
                "in the jetstream block of the relay's account; nats-server --signal reload");
        findings.add(now >= most || wanted > most ? Finding.fail(text, raise) : Finding.warn(text, raise));
    }

    private static String shown(long limit) {
        return limit < 0 ? "none" : Long.toString(limit);
    }

    Result accountStorage() {
        if (!facts.account().isSeen()) {
            return noAccount(Check.ACCOUNT_STORAGE);
        }
        Account account = facts.account().get();
        List<Finding> findings = new ArrayList<>();
        long used = Math.max(account.storage(), account.reserved());
        if (account.maxStorage() >= 0) {
            room(
                    findings,
                    "the account",
                    used,
                    account.maxStorage(),
                    Remedy.nats(
                            "max_file: " + SizeWords.atLeast(4 * Math.max(used, account.maxStorage())),
                            "in the jetstream block of the relay's account; nats-server --signal reload"));
        }
        long most = settings.streams().maxBytes();
        if (account.bytesRequired() && most == StreamSettings.NO_LIMIT) {
            findings.add(Finding.fail(
                    "the account asks for max_bytes of every stream, and outbox.streams.max-bytes is no limit",
                    Remedy.relay("outbox.streams.max-bytes: 1GB")));
        }
        if (account.maxStreamBytes() > 0 && most > account.maxStreamBytes()) {
            findings.add(Finding.fail(
                    "the account allows " + SizeWords.bytes(account.maxStreamBytes())
                            + " for a stream, and outbox.streams.max-bytes is " + SizeWords.bytes(most),
                    Remedy.relay("outbox.streams.max-bytes: " + account.maxStreamBytes())));
        }
        return Result.of(
                Check.ACCOUNT_STORAGE,
                findings,
                SizeWords.bytes(account.storage()) + " used, " + SizeWords.bytes(account.reserved())
                        + " reserved, limit: "
                        + (account.maxStorage() < 0 ? "none" : SizeWords.bytes(account.maxStorage())));
    }

    private static void room(List<Finding> findings, String whose, long used, long most, Remedy raise) {
        if (used * 10 >= most * 8) {
            String text = SizeWords.bytes(used) + " of " + SizeWords.bytes(most) + " of " + whose
                    + "'s storage are used or reserved";
            findings.add(used >= most ? Finding.fail(text, raise) : Finding.warn(text, raise));
        }
    }

    Result serverStorage() {
        if (!facts.monitor().isSeen()) {
            return Result.skipped(
                    Check.SERVER_STORAGE,
                    facts.monitor().reason(),
                    Remedy.shell("nats server report jetstream").then("as a user of the system account"));
        }
        Monitor monitor = facts.monitor().get();
        List<Finding> findings = new ArrayList<>();
        long used = Math.max(monitor.storage(), monitor.reserved());
        room(
                findings,
                "the server",
                used,
                monitor.maxStorage(),
                Remedy.nats(
                        "max_file_store: " + SizeWords.atLeast(4 * Math.max(used, monitor.maxStorage())),
                        "in the jetstream block of the server; restart nats-server"));
        return Result.of(
                Check.SERVER_STORAGE,
                findings,
                SizeWords.bytes(monitor.storage()) + " used, " + SizeWords.bytes(monitor.reserved()) + " reserved of "
                        + SizeWords.bytes(monitor.maxStorage()));
    }

    Result haAssets() {
        if (!facts.monitor().isSeen()) {
            return Result.skipped(
                    Check.MAX_HA_ASSETS,
                    facts.monitor().reason(),
                    Remedy.shell("nats server report jetstream").then("as a user of the system account"));
        }
        Monitor monitor = facts.monitor().get();
        if (!monitor.tellsLimits()) {
            return Result.skipped(
                    Check.MAX_HA_ASSETS,
                    "nats-server " + facts.server().version() + " does not tell its max_ha_assets",
                    Remedy.shell("grep max_ha_assets /etc/nats/nats-server.conf")
                            .then("on each of the servers"));
        }
        long replicated = addresses().stream()
                .filter(address -> policy(address).replicas() > 1)
                .count();
        long wanted = Math.max(monitor.haAssets(), replicated);
        if (monitor.maxHaAssets() <= 0) {
            return Result.pass(
                    Check.MAX_HA_ASSETS, monitor.haAssets() + " replicated streams and consumers, and no limit");
        }
        List<Finding> findings = new ArrayList<>();
        String text = monitor.haAssets() + " replicated streams and consumers on this server, " + replicated
                + " replicated streams are wanted, max_ha_assets is " + monitor.maxHaAssets();
        if (wanted * 10 >= monitor.maxHaAssets() * 8) {
            Remedy raise = Remedy.nats(
                    "limits { max_ha_assets: " + Math.max(1_000, 4 * wanted) + " }",
                    "in the jetstream block of every server; restart them one by one");
            findings.add(
                    wanted > monitor.maxHaAssets() || monitor.haAssets() >= monitor.maxHaAssets()
                            ? Finding.fail(text, raise)
                            : Finding.warn(text, raise));
        }
        return Result.of(Check.MAX_HA_ASSETS, findings, text);
    }

    private StreamPolicy policy(Address address) {
        return policies.policies().of(address.tenant().value()).stream();
    }

    Result replicas() {
        if (facts.server().clustered()) {
            return Result.pass(
                    Check.REPLICAS,
                    "a cluster, and outbox.streams.replicas is "
                            + settings.streams().replicas());
        }
        List<Finding> findings = new ArrayList<>();
        if (settings.streams().replicas() > 1) {
            findings.add(Finding.fail(
                    "outbox.streams.replicas is " + settings.streams().replicas() + ", but NATS at "
                            + facts.server().url() + " is a single server",
                    Remedy.relay("outbox.streams.replicas: 1")));
        } else {
            addresses().stream()
                    .filter(address -> policy(address).replicas() > 1)
                    .forEach(address -> findings.add(Finding.fail(
                            "tenant " + address.tenant() + " is to have "
                                    + policy(address).replicas() + " replicas, but NATS at "
                                    + facts.server().url() + " is a single server",
                            Remedy.sql("UPDATE outbox.tenant SET replicas = 1 WHERE tenant_id = "
                                    + SqlText.text(address.tenant().value()) + ";"))));
        }
        return Result.of(Check.REPLICAS, findings, "a single server, and streams have one replica");
    }

    Result duplicateWindow() {
        Duration window = settings.streams().duplicateWindow();
        List<Finding> findings = new ArrayList<>();
        if (window.compareTo(SHORTEST_WINDOW) < 0) {
            findings.add(Finding.warn(
                    "outbox.streams.duplicate-window is " + SizeWords.time(window),
                    Remedy.relay("outbox.streams.duplicate-window: 2m")));
        }
        for (Address address : addresses()) {
            Duration own = policy(address).duplicateWindow();
            if (own.compareTo(SHORTEST_WINDOW) < 0 && !own.equals(window)) {
                findings.add(Finding.warn(
                        "the duplicate window of tenant " + address.tenant() + " is " + SizeWords.time(own),
                        Remedy.sql("UPDATE outbox.tenant SET duplicate_window = '2 minutes' WHERE tenant_id = "
                                + SqlText.text(address.tenant().value()) + ";")));
            }
        }
        if (facts.monitor().isSeen()) {
            Duration longest = facts.monitor().get().longestWindow();
            if (!longest.isZero() && window.compareTo(longest) > 0) {
                findings.add(Finding.fail(
                        "outbox.streams.duplicate-window is " + SizeWords.time(window)
                                + ", and the server takes at most " + SizeWords.time(longest),
                        Remedy.nats(
                                "limits { duplicate_window: \"" + SizeWords.go(window) + "\" }",
                                "in the jetstream block of every server; restart them one by one")));
            }
        }
        return Result.of(
                Check.DUPLICATE_WINDOW, findings, "outbox.streams.duplicate-window is " + SizeWords.time(window));
    }
}

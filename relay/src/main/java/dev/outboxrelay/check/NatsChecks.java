package dev.outboxrelay.check;

import dev.outboxrelay.check.NatsFacts.Probe;
import dev.outboxrelay.check.NatsFacts.User;
import dev.outboxrelay.check.PostgresFacts.Contents;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.route.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The server, and what it lets the relay do. */
final class NatsChecks {

    private static final int OLDEST_MAJOR = 2;
    private static final int OLDEST_MINOR = 10;
    private static final Duration EXPIRES_SOON = Duration.ofDays(14);

    /** What the relay's own headers and a few of the row's take beside the payload. */
    private static final long HEADERS = 4_096;

    private static final String PERMISSIONS = """
            permissions {
              publish { allow: ["tenant.>", "$JS.API.>", "$SYS.REQ.USER.INFO"] }
              subscribe { allow: ["_INBOX.>", "$JS.EVENT.ADVISORY.>"] }
            }""";

    private final NatsFacts facts;

    NatsChecks(NatsFacts facts) {
        this.facts = facts;
    }

    Result credentials() {
        if (!facts.user().isSeen()) {
            return Result.pass(Check.NATS_CREDENTIALS, "the server lets the relay in");
        }
        User user = facts.user().get();
        String text = "user " + user.name() + " of account " + user.account();
        Duration expires = user.expires();
        if (expires == null) {
            return Result.pass(Check.NATS_CREDENTIALS, text);
        }
        return expires.compareTo(EXPIRES_SOON) < 0
                ? Result.warn(
                        Check.NATS_CREDENTIALS,
                        text + ": its credentials expire in " + expires.toHours() + " hours",
                        Remedy.relay("outbox.nats.credentials-file: /path/to/new.creds"))
                : Result.pass(Check.NATS_CREDENTIALS, text + ", good for " + expires.toDays() + " days");
    }

    Result tls() {
        NatsFacts.Server server = facts.server();
        if (server.tls()) {
            return Result.pass(Check.NATS_TLS, "the connection to " + server.url() + " is encrypted");
        }
        return server.local()
                ? Result.pass(Check.NATS_TLS, "not encrypted, and does not leave this machine")
                : Result.warn(
                        Check.NATS_TLS,
                        "the connection to " + server.url() + " is not encrypted",
                        Remedy.nats(
                                "tls { cert_file: \"/etc/nats/server.pem\", key_file: \"/etc/nats/server.key\" }",
                                "nats-server --signal reload"),
                        Remedy.relay("outbox.nats.url: "
                                + server.url().replace("***@", "").replaceFirst("^nats://", "tls://")));
    }

    Result version() {
        String[] parts = facts.server().version().split("[.-]", -1);
        try {
            int major = Integer.parseInt(parts[0]);
            int minor = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
            String text = "nats-server " + facts.server().version();
            return major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR)
                    ? Result.pass(Check.NATS_VERSION, text)
                    : Result.fail(
                            Check.NATS_VERSION,
                            text + " is older than 2.10",
                            Remedy.shell("nats-server --version").then("upgrade it to 2.10 or newer"));
        } catch (NumberFormatException e) {
            return Result.skipped(
                    Check.NATS_VERSION,
                    "the server's version is '" + facts.server().version() + "'");
        }
    }

    Result clock() {
        return facts.ahead().isSeen()
                ? ServerChecks.clock(Check.NATS_CLOCK, "NATS's", facts.ahead().get())
                : Result.skipped(
                        Check.NATS_CLOCK,
                        facts.ahead().reason(),
                        Remedy.shell("nats req '$SYS.REQ.USER.INFO' ''").then("and compare server.time with date -u"));
    }

    /** @param contents null where the database could not be looked at */
    Result maxPayload(@Nullable List<Contents> contents) {
        long most = facts.server().maxPayload();
        if (contents == null) {
            return Result.skipped(
                    Check.MAX_PAYLOAD,
                    "max_payload is " + SizeWords.bytes(most) + "; the outbox cannot be looked at: see"
                            + " postgres-connection");
        }
        List<Finding> findings = new ArrayList<>();
        List<Finding> unseen = new ArrayList<>();
        long largest = 0;
        for (Contents table : contents) {
            String name = SqlText.name(table.table());
            if (!table.rows().isSeen()) {
                unseen.add(new Finding(
                        Status.SKIPPED,
                        "the largest payload of " + name + " could not be read: "
                                + table.rows().reason(),
                        List.of(Remedy.sql("SELECT max(octet_length(" + SqlText.name(table.payload()) + ")) FROM "
                                        + name + ";")
                                .then("of json and jsonb the column::text"))));
                continue;
            }
            long size = table.rows().get().largest();
            largest = Math.max(largest, size);
            if (size + HEADERS > most) {
                findings.add(Finding.warn(
                        "the largest payload of " + name + " has " + SizeWords.bytes(size) + ", and max_payload is "
                                + SizeWords.bytes(most) + " for headers and payload together",
                        Remedy.nats(
                                "max_payload: " + SizeWords.atLeast(size + size / 2), "nats-server --signal reload")));
            }
        }
        findings.addAll(unseen);
        return Result.of(
                Check.MAX_PAYLOAD,
                findings,
                "the largest payload has " + SizeWords.bytes(largest) + ", max_payload is " + SizeWords.bytes(most));
    }

    private static Remedy permissions() {
        return Remedy.nats(PERMISSIONS, "in the block of the relay's user; nats-server --signal reload");
    }

    Result apiPermissions() {
        return probes(
                Check.API_PERMISSIONS,
                facts.requests(),
                "send requests to",
                "requests of JetStream's API went through");
    }

    Result subscribePermissions() {
        return probes(
                Check.SUBSCRIBE_PERMISSIONS,
                facts.subscriptions(),
                "subscribe to",
                "subscriptions were made and ended");
    }

    private static Result probes(Check check, List<Probe> probes, String verb, String fine) {
        List<String> denied = of(probes, Probe.Outcome.DENIED);
        List<String> silent = of(probes, Probe.Outcome.SILENT);
        if (!denied.isEmpty()) {
            return Result.fail(check, "the relay may not " + verb + " " + String.join(", ", denied), permissions());
        }
        return silent.isEmpty()
                ? Result.pass(check, probes.size() + " " + fine)
                : Result.warn(check, "no answer in time from " + String.join(", ", silent) + ": see jetstream");
    }

    private static List<String> of(List<Probe> probes, Probe.Outcome outcome) {
        return probes.stream()
                .filter(probe -> probe.outcome() == outcome)
                .map(Probe::subject)
                .toList();
    }

    Result publishPermissions(Set<String> tenants, Naming naming) {
        if (!facts.user().isSeen()) {
            return Result.skipped(
                    Check.PUBLISH_PERMISSIONS,
                    "the server does not say what the relay may publish: "
                            + facts.user().reason(),
                    permissions());
        }
        User user = facts.user().get();
        List<String> wanted = tenants.stream()
                .flatMap(tenant -> Address.of(tenant, naming).stream())
                .map(Address::subjects)
                .toList();
        List<String> denied = (wanted.isEmpty() ? List.of("tenant.>") : wanted)
                .stream().filter(subject -> !mayPublish(user, subject)).toList();
        if (!denied.isEmpty()) {
            return Result.fail(
                    Check.PUBLISH_PERMISSIONS,
                    "user " + user.name() + " may not publish to " + shortened(denied),
                    permissions());
        }
        return mayPublish(user, "tenant.>")
                ? Result.pass(Check.PUBLISH_PERMISSIONS, "user " + user.name() + " may publish to tenant.>")
                : Result.warn(
                        Check.PUBLISH_PERMISSIONS,
                        "user " + user.name() + " may publish for the " + wanted.size()
                                + " tenants that are known, and not for every one that may come (tenant.>)",
                        permissions());
    }

    static String shortened(List<String> all) {
        return all.size() <= 5
                ? String.join(", ", all)
                : String.join(", ", all.subList(0, 5)) + " and " + (all.size() - 5) + " more";
    }

    private static boolean mayPublish(User user, String subject) {
        List<String> allow = user.publishAllow();
        boolean allowed = allow == null || allow.stream().anyMatch(each -> Subjects.covers(each, subject));
        return allowed && user.publishDeny().stream().noneMatch(each -> Subjects.overlap(each, subject));
    }
}

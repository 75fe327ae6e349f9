package dev.outboxrelay.check;

import dev.outboxrelay.check.NatsFacts.Stream;
import dev.outboxrelay.config.Discard;
import dev.outboxrelay.config.Provision;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.Storage;
import dev.outboxrelay.consumer.ConsumerActual;
import dev.outboxrelay.consumer.ConsumerPlan;
import dev.outboxrelay.consumer.ConsumerSpec;
import dev.outboxrelay.policy.StreamPlan;
import dev.outboxrelay.policy.StreamPolicy;
import dev.outboxrelay.policy.StreamShape;
import dev.outboxrelay.policy.TenantPolicy;
import dev.outboxrelay.route.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Each tenant's stream and consumers, by the plans that the relay follows. */
final class StreamChecks {

    private final Settings settings;
    private final PolicyFacts policies;
    private final Map<String, Stream> streams = new TreeMap<>();

    StreamChecks(Settings settings, List<Stream> streams, PolicyFacts policies) {
        this.settings = settings;
        this.policies = policies;
        streams.forEach(stream -> this.streams.put(stream.name(), stream));
    }

    private List<Address> addresses() {
        return policies.tenants().stream()
                .flatMap(tenant -> Address.of(tenant, settings.naming()).stream())
                .toList();
    }

    Result subjects() {
        List<Finding> findings = new ArrayList<>();
        Map<String, Address> byToken = new HashMap<>();
        addresses().forEach(address -> byToken.put(address.token(), address));
        for (Stream stream : streams.values()) {
            List<String> taken = new ArrayList<>();
            List<String> keep = new ArrayList<>();
            for (String subject : stream.subjects()) {
                (isOfSomebodyElse(subject, stream, byToken) ? taken : keep).add(subject);
            }
            if (!taken.isEmpty()) {
                if (keep.isEmpty()) {
                    keep.add(stream.name() + ".>"); // a stream has to take something
                }
                findings.add(Finding.fail(
                        "stream " + stream.name() + " takes " + String.join(", ", taken)
                                + ", which belongs to tenants' own streams; its messages stay if it is told to take"
                                + " something else:",
                        Remedy.shell("nats stream edit " + SqlText.shell(stream.name()) + " "
                                + String.join(
                                        " ",
                                        keep.stream()
                                                .map(subject -> "--subjects=" + SqlText.shell(subject))
                                                .toList())
                                + " -f")));
            }
        }
        return Result.of(Check.STREAM_SUBJECTS, findings, "no stream takes what belongs to a tenant's own");
    }

    /** A subject names one tenant, or it may be any tenant's. A lookup each: there may be thousands of either. */
    private static boolean isOfSomebodyElse(String subject, Stream stream, Map<String, Address> byToken) {
        if (!Subjects.overlap(subject, "tenant.>")) {
            return false;
        }
        String[] tokens = subject.split("\\.", -1);
        boolean namesOne = tokens.length > 2 && !tokens[1].equals("*");
        if (stream.tenant() == null || !namesOne) {
            return true;
        }
        Address named = byToken.get(tokens[1]);
        return named != null && !named.stream().value().equals(stream.name());
    }

    Result policies() {
        List<Finding> findings = new ArrayList<>();
        int there = 0;
        for (Address address : addresses()) {
            Stream stream = streams.get(address.stream().value());
            TenantPolicy policy = policies.policies().of(address.tenant().value());
            if (stream == null) {
                if (policy.provision() != Provision.MANAGE) {
                    findings.add(Finding.fail(
                            "tenant " + address.tenant() + " has no stream, and provision is "
                                    + word(policy.provision()) + ": its events are parked until somebody makes it",
                            Remedy.shell(add(address, policy.stream()))));
                }
                continue;
            }
            there++;
            String owner = stream.owner();
            if (owner != null && !owner.equals(address.tenant().value())) {
                findings.add(Finding.fail(
                        "stream " + stream.name() + " belongs to tenant '" + owner + "', not to '" + address.tenant()
                                + "'",
                        Remedy.relay("outbox.naming: encode")));
                continue;
            }
            compare(findings, address, policy, Objects.requireNonNull(stream.shape(), "of a known tenant"));
        }
        return Result.of(
                Check.STREAMS,
                findings,
                addresses().size() + " tenants are known, " + there + " have a stream, and each is as its policy says");
    }

    private static void compare(List<Finding> findings, Address address, TenantPolicy policy, StreamShape shape) {
        StreamPlan plan = StreamPlan.of(policy.stream(), policy.provision(), shape, false);
        List<String> texts = new ArrayList<>(plan.changes());
        texts.addAll(plan.conflicts());
        if (texts.isEmpty()) {
            return;
        }
        boolean unfit = shape.obstacle() != null;
        String text = "stream " + address.stream() + ": " + String.join("; ", texts)
                + (plan.act() == StreamPlan.Act.UPDATE ? " (a relay that runs mends that by itself)" : "");
        List<Remedy> remedies = new ArrayList<>();
        String edit = edit(address, policy.stream(), shape);
        if (!edit.isEmpty()) {
            remedies.add(Remedy.shell(
                    "nats stream edit " + SqlText.shell(address.stream().value()) + edit + " -f"));
        }
        if (shape.shape().storage() != policy.stream().storage()) {
            String storage = SqlText.text(word(shape.shape().storage()));
            remedies.add(Remedy.sql("INSERT INTO outbox.tenant (tenant_id, storage) VALUES ("
                    + SqlText.text(address.tenant().value()) + ", " + storage
                    + ") ON CONFLICT (tenant_id) DO UPDATE SET storage = " + storage + ";"));
        }
        findings.add(unfit ? Finding.fail(text, remedies) : Finding.warn(text, remedies));
    }

    /** Options that give a stream the shape of its policy, as far as NATS can. */
    private static String edit(Address address, StreamPolicy wanted, StreamShape shape) {
        StreamPolicy is = shape.shape();
        StringBuilder options = new StringBuilder();
        String obstacle = shape.obstacle();
        if (obstacle != null && obstacle.contains(address.subjects())) {
            options.append(" --subjects=").append(SqlText.shell(address.subjects()));
        }
        if (!is.maxAge().equals(wanted.maxAge())) {
            options.append(" --max-age=").append(age(wanted.maxAge()));
        }
        if (is.maxMessages() != wanted.maxMessages()) {
            options.append(" --max-msgs=").append(wanted.maxMessages());
        }
        if (is.maxBytes() != wanted.maxBytes()) {
            options.append(" --max-bytes=").append(wanted.maxBytes());
        }
        if (is.replicas() != wanted.replicas()) {
            options.append(" --replicas=").append(wanted.replicas());
        }
        if (is.discard() != wanted.discard()) {
            options.append(" --discard=").append(wanted.discard() == Discard.NEW ? "new" : "old");
        }
        if (is.compression() != wanted.compression()) {
            options.append(" --compression=").append(word(wanted.compression()));
        }
        if (!is.duplicateWindow().equals(wanted.duplicateWindow())) {
            options.append(" --dupe-window=").append(SizeWords.go(wanted.duplicateWindow()));
        }
        return options.toString();
    }

    /** A stream as the relay makes it. */
    private static String add(Address address, StreamPolicy policy) {
        return "nats stream add " + SqlText.shell(address.stream().value())
                + " --subjects=" + SqlText.shell(address.subjects())
                + " --retention=limits"
                + " --storage=" + (policy.storage() == Storage.MEMORY ? "memory" : "file")
                + " --max-age=" + age(policy.maxAge())
                + " --max-msgs=" + policy.maxMessages()
                + " --max-bytes=" + policy.maxBytes()
                + " --replicas=" + policy.replicas()
                + " --discard=" + (policy.discard() == Discard.NEW ? "new" : "old")
                + " --compression=" + word(policy.compression())
                + " --dupe-window=" + SizeWords.go(policy.duplicateWindow())
                + " --metadata="
                + SqlText.shell("outbox.tenant=" + address.tenant().value())
                + " --no-allow-direct --defaults";
    }

    private static String age(Duration age) {
        return age.isZero() ? "-1" : SizeWords.go(age);
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    Result consumers() {
        List<Finding> findings = new ArrayList<>();
        int wanted = 0;
        int unseen = 0;
        for (Address address : addresses()) {
            Stream stream = streams.get(address.stream().value());
            List<ConsumerSpec> specs = policies.consumers().of(address);
            if (stream == null || specs.isEmpty()) {
                continue; // they are made with the stream
            }
            if (!stream.consumers().isSeen()) {
                unseen++;
                continue;
            }
            boolean managed = policies.policies().of(address.tenant().value()).provision() == Provision.MANAGE;
            for (ConsumerSpec spec : specs) {
                wanted++;
                ConsumerActual actual = stream.consumers().get().stream()
                        .filter(each -> each.name().equals(spec.name()))
                        .findFirst()
                        .orElse(null);
                compare(
                        findings,
                        address,
                        spec,
                        ConsumerPlan.of(stream.name(), address.subjects(), spec, actual),
                        managed);
            }
        }
        return findings.isEmpty() && unseen > 0
                ? Result.skipped(Check.CONSUMERS, "the consumers of " + unseen + " streams could not be read")
                : Result.of(Check.CONSUMERS, findings, wanted + " are asked for, and each is as it should be");
    }

    private static void compare(
            List<Finding> findings, Address address, ConsumerSpec spec, ConsumerPlan plan, boolean managed) {
        String what = "consumer " + spec.name() + " of " + address.stream() + " (" + spec.origin() + ")";
        String byItself = managed ? " (a relay that runs mends that by itself)" : "";
        if (plan instanceof ConsumerPlan.Create) {
            findings.add(Finding.warn(what + " is missing" + byItself, Remedy.shell(request(address, spec, true))));
        } else if (plan instanceof ConsumerPlan.Update update) {
            findings.add(Finding.warn(
                    what + ": " + String.join("; ", update.differences()) + byItself,
                    Remedy.shell(request(address, spec, false))));
        } else if (plan instanceof ConsumerPlan.Conflict conflict) {
            findings.add(Finding.fail(
                    what + ": " + conflict.text(),
                    List.of(
                            Remedy.shell("nats consumer rm "
                                            + SqlText.shell(address.stream().value()) + " " + SqlText.shell(spec.name())
                                            + " -f")
                                    .then("once its application has stopped: it forgets what was acknowledged"),
                            Remedy.shell(request(address, spec, true)))));
        }
    }

    /** JetStream's own request: the only form that says all of it in one line. Changing keeps what is acknowledged. */
    private static String request(Address address, ConsumerSpec spec, boolean create) {
        String stream = address.stream().value();
        List<String> parts = new ArrayList<>(List.of(
                "\"durable_name\":" + json(spec.name()),
                "\"name\":" + json(spec.name()),
                "\"ack_policy\":\"explicit\"",
                "\"deliver_policy\":\"all\"",
                "\"replay_policy\":\"instant\"",
                "\"ack_wait\":" + spec.effectiveAckWait().toNanos(),
                "\"max_ack_pending\":" + spec.maxAckPending(),
                "\"max_deliver\":" + spec.maxDeliver(),
                "\"metadata\":{\"outbox.tenant\":" + json(address.tenant().value()) + "}"));
        String filter = spec.filter();
        String subject = "$JS.API.CONSUMER.CREATE." + stream + "." + spec.name();
        if (filter != null) {
            parts.add("\"filter_subject\":" + json(filter));
            subject += "." + filter;
        }
        if (!spec.backoff().isEmpty()) {
            parts.add("\"backoff\":"
                    + spec.backoff().stream().map(Duration::toNanos).toList());
        }
        return "nats req " + SqlText.shell(subject) + " "
                + SqlText.shell("{\"stream_name\":" + json(stream) + ",\"action\":\"" + (create ? "create" : "update")
                        + "\",\"config\":{" + String.join(",", parts) + "}}");
    }

    private static String json(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}

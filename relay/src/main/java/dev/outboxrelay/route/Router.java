package dev.outboxrelay.route;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.rule.HeaderRule;
import dev.outboxrelay.rule.RouteAction;
import dev.outboxrelay.rule.RouteRule;
import dev.outboxrelay.rule.RouteRules;
import dev.outboxrelay.rule.RouteTemplate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Applies the rules of the naming contract to each row, and then the routing rules that operators made. Never throws
 * for what a row holds.
 *
 * <p>Not thread-safe: it remembers the addresses of tenants it has seen. One thread routes.
 */
public final class Router {

    private static final int REMEMBERED = 20_000;

    /** A tenant id, and the routing rules that are for it. */
    private record Known(@Nullable Address address, RouteRules rules) {}

    private final Naming naming;
    private final Supplier<RouteRules> current;
    private final CloudEvents cloudEvents;
    private final Map<String, Known> tenants = new HashMap<>();
    private RouteRules rules = RouteRules.NONE;

    /** One without routing rules. */
    public Router(Naming naming) {
        this(naming, () -> RouteRules.NONE, CloudEvents.OFF);
    }

    /** One whose messages get no attributes. */
    public Router(Naming naming, Supplier<RouteRules> current) {
        this(naming, current, CloudEvents.OFF);
    }

    /**
     * @param current the routing rules that are in force; asked for every row, and may answer anew each time
     * @param cloudEvents the attributes that messages get when they are sent
     */
    public Router(Naming naming, Supplier<RouteRules> current, CloudEvents cloudEvents) {
        this.naming = naming;
        this.current = current;
        this.cloudEvents = cloudEvents;
    }

    /** Where a decoded row goes. */
    public Routed route(Decoded decoded) {
        if (decoded instanceof Decoded.Malformed malformed) {
            Address address = known(malformed.remains().tenant()).address();
            return address == null
                    ? new Routed.Homeless(malformed.remains(), Reason.MALFORMED_ROW, malformed.error())
                    : new Routed.Unroutable(malformed.remains(), address, Reason.MALFORMED_ROW, malformed.error());
        }
        OutboxEvent event = ((Decoded.Event) decoded).event();
        Known known = known(event.tenant());
        Address address = known.address();
        if (address == null) {
            return new Routed.Homeless(event, Reason.INVALID_TENANT, tenantRule());
        }
        SubjectRule.Result subject = SubjectRule.apply(address, event.subject());
        if (subject instanceof SubjectRule.Result.Broken broken) {
            return new Routed.Unroutable(event, address, broken.reason(), broken.error());
        }
        HeaderRule.Result headers = HeaderRule.apply(event.headersJson());
        if (headers instanceof HeaderRule.Result.Broken broken) {
            return new Routed.Unroutable(event, address, Reason.INVALID_HEADERS, broken.error());
        }
        String full = ((SubjectRule.Result.Full) subject).subject();
        List<Header> own = ((HeaderRule.Result.Accepted) headers).headers();
        RouteRule rule = known.rules().first(full, address.prefix().length());
        return rule == null
                ? deliverable(new Envelope(event, address, full, own))
                : apply(rule, event, address, full, own);
    }

    /** Judged as by a rule: while no such attributes were added, it may have been published. */
    private Routed deliverable(Envelope envelope) {
        Optional<String> problem = cloudEvents.problem(envelope.headers());
        return problem.isPresent()
                ? new Routed.RuledOut(envelope.event(), envelope.address(), Reason.INVALID_HEADERS, problem.get())
                : new Routed.Deliverable(envelope);
    }

    private Routed apply(RouteRule rule, OutboxEvent event, Address address, String subject, List<Header> own) {
        RouteAction action = rule.action();
        if (action instanceof RouteAction.Drop) {
            return new Routed.Dropped(event, address, rule.name());
        }
        if (!(action instanceof RouteAction.Rewrite rewrite)) {
            return new Routed.RuledOut(
                    event,
                    address,
                    Reason.ROUTED_TO_DEAD_LETTER,
                    "routing rule '" + rule.name() + "' sends it to the dead letters");
        }
        String full = subject;
        RouteTemplate template = rewrite.subject();
        if (template != null) {
            // judged like any subject of this tenant, so that no template whatever leads out of its prefix
            SubjectRule.Result made = SubjectRule.apply(
                    address, template.render(subject, address.prefix().length()));
            if (made instanceof SubjectRule.Result.Broken broken) {
                return new Routed.RuledOut(
                        event,
                        address,
                        broken.reason(),
                        "routing rule '" + rule.name() + "' makes a subject that is not legal: " + broken.error());
            }
            full = ((SubjectRule.Result.Full) made).subject();
        }
        return deliverable(new Envelope(event, address, full, merged(own, rewrite.headers()), rule.name()));
    }

    /** A header of the row's own is left as it is: whoever wrote it knows the event better than a rule does. */
    private static List<Header> merged(List<Header> own, List<Header> added) {
        if (own.isEmpty() || added.isEmpty()) {
            return own.isEmpty() ? added : own;
        }
        List<Header> all = new ArrayList<>(own.size() + added.size());
        all.addAll(own);
        for (Header header : added) {
            if (own.stream().noneMatch(mine -> mine.name().equalsIgnoreCase(header.name()))) {
                all.add(header);
            }
        }
        return List.copyOf(all);
    }

    private Known known(String tenant) {
        RouteRules now = current.get();
        if (now != rules || tenants.size() > REMEMBERED) {
            tenants.clear();
            rules = now;
        }
        Known known = tenants.get(tenant);
        if (known == null) {
            known = new Known(Address.of(tenant, naming).orElse(null), now.forTenant(tenant));
            tenants.put(tenant, known);
        }
        return known;
    }

    private String tenantRule() {
        return naming == Naming.STRICT
                ? "the tenant id is not [A-Za-z0-9_-]{1,64}; set outbox.naming: encode to allow other characters"
                : "the tenant id is empty or longer than " + Address.MAX_BYTES + " bytes";
    }
}

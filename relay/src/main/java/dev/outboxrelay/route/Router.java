package dev.outboxrelay.route;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Applies the rules of the naming contract to each row. Never throws for what a row holds.
 *
 * <p>Not thread-safe: it remembers the addresses of tenants it has seen. One thread routes.
 */
public final class Router {

    private static final int REMEMBERED = 20_000;

    private final Naming naming;
    private final Map<String, Optional<Address>> addresses = new HashMap<>();

    public Router(Naming naming) {
        this.naming = naming;
    }

    /** Where a decoded row goes. */
    public Routed route(Decoded decoded) {
        if (decoded instanceof Decoded.Malformed malformed) {
            return addressOf(malformed.remains().tenant())
                    .<Routed>map(address -> new Routed.Unroutable(
                            malformed.remains(), address, Reason.MALFORMED_ROW, malformed.error()))
                    .orElseGet(() -> new Routed.Homeless(malformed.remains(), Reason.MALFORMED_ROW, malformed.error()));
        }
        OutboxEvent event = ((Decoded.Event) decoded).event();
        Optional<Address> known = addressOf(event.tenant());
        if (known.isEmpty()) {
            return new Routed.Homeless(event, Reason.INVALID_TENANT, tenantRule());
        }
        Address address = known.get();
        SubjectRule.Result subject = SubjectRule.apply(address, event.subject());
        if (subject instanceof SubjectRule.Result.Broken broken) {
            return new Routed.Unroutable(event, address, broken.reason(), broken.error());
        }
        HeaderRule.Result headers = HeaderRule.apply(event.headersJson());
        if (headers instanceof HeaderRule.Result.Broken broken) {
            return new Routed.Unroutable(event, address, Reason.INVALID_HEADERS, broken.error());
        }
        return new Routed.Deliverable(new Envelope(
                event,
                address,
                ((SubjectRule.Result.Full) subject).subject(),
                ((HeaderRule.Result.Accepted) headers).headers()));
    }

    private Optional<Address> addressOf(String tenant) {
        if (addresses.size() > REMEMBERED) {
            addresses.clear();
        }
        return addresses.computeIfAbsent(tenant, id -> Address.of(id, naming));
    }

    private String tenantRule() {
        return naming == Naming.STRICT
                ? "the tenant id is not [A-Za-z0-9_-]{1,64}; set outbox.naming: encode to allow other characters"
                : "the tenant id is empty or longer than " + Address.MAX_BYTES + " bytes";
    }
}

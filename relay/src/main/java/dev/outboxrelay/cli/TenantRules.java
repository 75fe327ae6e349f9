package dev.outboxrelay.cli;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.policy.PolicyBook;
import dev.outboxrelay.policy.PolicyRow;
import dev.outboxrelay.policy.TenantPolicy;
import dev.outboxrelay.route.CloudEvents;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.route.Router;
import dev.outboxrelay.rule.RouteBook;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What holds for one tenant at this moment, as the relay reads it from the configuration and the tables. */
final class TenantRules {

    private final String tenant;
    private final TenantPolicy policy;
    private final Router router;
    private final Router withoutRules;

    private TenantRules(String tenant, TenantPolicy policy, Router router, Router withoutRules) {
        this.tenant = tenant;
        this.policy = policy;
        this.router = router;
        this.withoutRules = withoutRules;
    }

    /** @param rows the tenant's row and every routing rule; what the relay could not use does not count here either */
    static TenantRules of(String tenant, Settings settings, List<PolicyRow> rows) {
        PolicyBook policies = new PolicyBook(settings);
        Map<String, String> routes = new LinkedHashMap<>();
        for (PolicyRow row : rows) {
            if (row.object().equals(PolicyRow.TENANT)) {
                policies.change(row);
            } else if (row.object().equals(PolicyRow.ROUTE)) {
                routes.put(row.key(), String.valueOf(row.json()));
            }
        }
        RouteBook rules = new RouteBook(settings.routes());
        rules.load(routes);
        return new TenantRules(
                tenant,
                policies.of(tenant),
                new Router(settings.naming(), rules::rules, CloudEvents.of(settings.events())),
                new Router(settings.naming()));
    }

    TenantPolicy policy() {
        return policy;
    }

    /** Where an event of the tenant goes. */
    Routed route(EventId id, String subject, @Nullable String headers) {
        return router.route(event(id, subject, headers));
    }

    /** Where it would go if there were no routing rules. */
    Routed plain(EventId id, String subject, @Nullable String headers) {
        return withoutRules.route(event(id, subject, headers));
    }

    private Decoded.Event event(EventId id, String subject, @Nullable String headers) {
        return new Decoded.Event(new OutboxEvent(
                id, RowRef.of(id), tenant, subject, headers, Payload.EMPTY, new Origin(Lsn.NONE, Lsn.NONE, 0)));
    }
}

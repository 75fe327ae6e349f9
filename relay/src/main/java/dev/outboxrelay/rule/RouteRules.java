package dev.outboxrelay.rule;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rules in their order: the first that matches decides. Immutable. */
public final class RouteRules {

    /** No rule at all. */
    public static final RouteRules NONE = new RouteRules(List.of());

    private final List<RouteRule> rules;

    private RouteRules(List<RouteRule> rules) {
        this.rules = List.copyOf(rules);
    }

    public static RouteRules of(List<RouteRule> rules) {
        return rules.isEmpty() ? NONE : new RouteRules(rules);
    }

    /** Those that are for one tenant, in their order: ask once a tenant, not once an event. */
    public RouteRules forTenant(String tenant) {
        return isEmpty() || rules.stream().allMatch(rule -> rule.tenants().matches(tenant))
                ? this
                : of(rules.stream()
                        .filter(rule -> rule.tenants().matches(tenant))
                        .toList());
    }

    public boolean isEmpty() {
        return rules.isEmpty();
    }

    /**
     * The rule that decides about a subject of a tenant that all these rules are for; null when none does.
     *
     * @param from where the part begins that counts, behind the tenant's prefix
     */
    public @Nullable RouteRule first(String subject, int from) {
        for (int i = 0; i < rules.size(); i++) {
            RouteRule rule = rules.get(i);
            if (rule.subjects().matches(subject, from)) {
                return rule;
            }
        }
        return null;
    }

    /** The rules in their order. */
    public List<RouteRule> list() {
        return rules;
    }
}

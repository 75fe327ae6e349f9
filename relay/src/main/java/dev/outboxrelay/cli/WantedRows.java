package dev.outboxrelay.cli;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.rule.SubjectPattern;
import java.util.function.Predicate;

/** Which rows of a tenant are meant, by their subjects; counts those that a routing rule drops anyway. One thread. */
final class WantedRows implements Predicate<String> {

    private static final EventId ANY = new EventId("any");

    private final SubjectPattern pattern;
    private final Address address;
    private final TenantRules rules;
    private long dropped;

    WantedRows(SubjectPattern pattern, Address address, TenantRules rules) {
        this.pattern = pattern;
        this.address = address;
        this.rules = rules;
    }

    @Override
    public boolean test(String subject) {
        int from = subject.startsWith(address.prefix()) ? address.prefix().length() : 0;
        if (!pattern.matches(subject, from)) {
            return false;
        }
        if (rules.route(ANY, subject, null) instanceof Routed.Dropped) {
            dropped++;
            return false;
        }
        return true;
    }

    long dropped() {
        return dropped;
    }
}

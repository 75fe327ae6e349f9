package dev.outboxrelay.demo;

import dev.outboxrelay.demo.Difference.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a tenant's stream should hold with what it holds, event by event and in order. Pure.
 *
 * <p>While both agree nothing is kept but the last {@value #REMEMBERED} ids. From the first disagreement on, at most
 * {@value #EXAMINED} events of each side are taken into memory and sorted out.
 */
final class TenantComparison {

    static final int REMEMBERED = 20_000;
    static final int EXAMINED = 100_000;

    private final String tenant;
    private final List<Difference> differences = new ArrayList<>();
    private final LinkedHashSet<String> matched = new LinkedHashSet<>();
    private long agreed;

    private TenantComparison(String tenant) {
        this.tenant = tenant;
    }

    /** What came of it. */
    record Result(long agreed, List<Difference> differences) {
        Result {
            differences = List.copyOf(differences);
        }
    }

    /** Reads both sides to their ends, or until enough is known. */
    static Result compare(String tenant, Contents expected, Contents actual) throws DemoFailed {
        TenantComparison comparison = new TenantComparison(tenant);
        comparison.run(expected, actual);
        return new Result(comparison.agreed, comparison.differences);
    }

    private void run(Contents expected, Contents actual) throws DemoFailed {
        while (true) {
            Content should = expected.next();
            Content is = actual.next();
            if (should == null && is == null) {
                return;
            }
            if (should == null
                    || is == null
                    || !should.id().equals(is.id())
                    || !is.tenant().equals(tenant)) {
                sortOut(rest(should, expected), rest(is, actual));
                return;
            }
            agree(should, is);
        }
    }

    private void agree(Content should, Content is) {
        if (should.fingerprint().equals(is.fingerprint())) {
            agreed++;
        } else {
            report(Kind.ALTERED, is);
        }
        matched.add(is.id());
        if (matched.size() > REMEMBERED) {
            matched.remove(matched.iterator().next());
        }
    }

    private static List<Content> rest(@Nullable Content first, Contents more) throws DemoFailed {
        List<Content> rest = new ArrayList<>();
        for (Content one = first; one != null && rest.size() < EXAMINED; one = more.next()) {
            rest.add(one);
        }
        return rest;
    }

    private void sortOut(List<Content> expected, List<Content> actual) {
        Map<String, Integer> places = new HashMap<>();
        for (Content should : expected) {
            places.put(should.id(), places.size());
        }
        Set<String> seen = new HashSet<>();
        int furthest = -1;
        for (Content is : actual) {
            Integer place = places.get(is.id());
            if (!is.tenant().equals(tenant)) {
                report(Kind.FOREIGN, is);
            } else if (matched.contains(is.id()) || !seen.add(is.id())) {
                report(Kind.DOUBLED, is);
            } else if (place == null) {
                report(Kind.UNKNOWN, is);
            } else if (place < furthest) {
                report(Kind.OUT_OF_ORDER, is);
            } else {
                furthest = place;
                agree(expected.get(place), is);
            }
        }
        for (Content should : expected) {
            if (!seen.contains(should.id())) {
                report(Kind.MISSING, should);
            }
        }
    }

    private void report(Kind kind, Content event) {
        differences.add(new Difference(kind, tenant, event.id()));
    }
}

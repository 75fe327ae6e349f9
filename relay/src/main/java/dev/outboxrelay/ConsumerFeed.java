package dev.outboxrelay;

import dev.outboxrelay.consumer.ConsumerBook;
import dev.outboxrelay.consumer.ConsumerRow;
import dev.outboxrelay.consumer.ConsumerRowReader;
import dev.outboxrelay.policy.PolicyRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Keeps the book of consumers as {@code outbox.consumer} is. On the source's thread. */
final class ConsumerFeed implements PolicyFeed.Listener {

    private final Lookout lookout;

    ConsumerFeed(Lookout lookout) {
        this.lookout = lookout;
    }

    @Override
    public Map<String, String> loaded(List<PolicyRow> rows) {
        List<ConsumerRow> good = new ArrayList<>();
        Map<String, String> bad = new TreeMap<>();
        ConsumerBook before = lookout.book();
        for (PolicyRow row : rows) {
            try {
                good.add(ConsumerRowReader.read(String.valueOf(row.json())));
            } catch (ConsumerRowReader.Unreadable e) {
                bad.put(row.key(), String.valueOf(e.getMessage()));
                before.row(tenant(row), name(row)).ifPresent(good::add);
            }
        }
        ConsumerBook next = before.withRows(good);
        rows.forEach(row -> next.problem(tenant(row), name(row)).ifPresent(why -> bad.put(row.key(), why)));
        lookout.book(next, tenant -> true);
        return bad;
    }

    @Override
    public Optional<String> changed(PolicyRow row) {
        ConsumerBook next;
        if (row.json() == null) {
            next = lookout.book().without(tenant(row), name(row));
        } else {
            try {
                next = lookout.book().with(ConsumerRowReader.read(row.json()));
            } catch (ConsumerRowReader.Unreadable e) {
                return Optional.of(String.valueOf(e.getMessage()));
            }
        }
        String whose = tenant(row);
        lookout.book(next, tenant -> whose.equals(ConsumerRow.EVERY) || whose.equals(tenant));
        return next.problem(whose, name(row));
    }

    /** A name has no slash, a tenant id of any application may. */
    private static String tenant(PolicyRow row) {
        return row.key().substring(0, Math.max(0, row.key().lastIndexOf('/')));
    }

    private static String name(PolicyRow row) {
        return row.key().substring(row.key().lastIndexOf('/') + 1);
    }
}

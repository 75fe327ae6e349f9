package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What must be true of a world in which everything has come to rest. Shares nothing with the lane. */
final class Checks {

    private Checks() {}

    static void check(World world) {
        for (int i = 0; i < world.tenants.size(); i++) {
            check(world, i);
        }
    }

    private static void check(World world, int tenant) {
        List<Row> rows = world.tenants.get(tenant);
        List<SimStream.Stored> log = world.streams.get(tenant).log;
        boolean purged = (world.tally.purged >> tenant & 1) == 1;
        boolean blind = (world.tally.parkedBlindly >> tenant & 1) == 1;
        boolean foreign = (world.tally.foreign >> tenant & 1) == 1;
        Set<EventId> stored = log.stream()
                .filter(m -> m.id() != null)
                .map(SimStream.Stored::id)
                .collect(Collectors.toSet());
        for (Row row : rows) {
            boolean in = stored.contains(row.id);
            if (in && row.isDead() && row.ruledOut && (row.heldUp || purged || foreign || blind)) {
                world.tally.ruledOutTooLate++; // a copy was on its way, or nobody could know that it had been there
                continue;
            }
            if (!in && !row.isDead() && !row.dropped) {
                world.violation("lost: " + row + " is neither in its stream nor a dead letter");
            }
            if (in && row.isDead()) {
                world.violation("doubled: " + row + " is in its stream and a dead letter");
            }
            if (row.isDead() && row.fate == Row.Fate.GOOD && !row.ruledOut && !row.dropped) {
                world.violation("dead letter: " + row + " is one for no reason");
            }
            if (in && !row.marked) {
                world.violation("not marked: " + row);
            }
            if (row.isDead()) {
                world.tally.deadLetters++;
            }
        }
        Set<String> seen = new HashSet<>();
        List<EventId> order = new ArrayList<>();
        for (SimStream.Stored message : log) {
            EventId id = message.id();
            if (id == null) {
                continue;
            }
            world.tally.published++;
            if (!seen.add(message.incarnation() + " " + id)) {
                if (purged || foreign || blind || world.tally.identityChanged) {
                    world.tally.doubled++;
                } else if (world.rules.routing() && world.row(id).heldUp) {
                    world.tally.ruledOutTooLate++; // rules that changed shift the chain: a late copy may fit in
                } else {
                    world.violation("doubled: " + id + " is in its stream twice: " + ids(log));
                }
            } else if (!order.contains(id)) {
                order.add(id);
            }
        }
        Set<EventId> expected = rows.stream().map(row -> row.id).collect(Collectors.toSet());
        order.removeIf(id -> !expected.contains(id)); // undone by a restore
        if (!world.rules.hold()) {
            rows.stream().filter(row -> row.replayed).forEach(row -> order.remove(row.id)); // late on purpose
        }
        // what one start dropped and the next one publishes may come behind copies that the first one had sent
        rows.stream().filter(row -> row.dropped || row.ruledOut).forEach(row -> order.remove(row.id));
        boolean shifted = rows.stream().anyMatch(row -> row.dropped || row.ruledOut)
                && rows.stream().anyMatch(row -> row.heldUp && stored.contains(row.id));
        if (shifted && !inOrder(order, rows)) {
            world.tally.ruledOutTooLate++; // the chains of two starts differ: a late copy takes the place of an event
            return;
        }
        if (!inOrder(order, rows)) {
            if (foreign) {
                world.tally.reordered++;
            } else {
                world.violation("reordered: the stream has " + ids(log));
            }
        }
    }

    private static boolean inOrder(List<EventId> order, List<Row> rows) {
        return order.equals(
                rows.stream().map(row -> row.id).filter(order::contains).toList());
    }

    private static String ids(List<SimStream.Stored> log) {
        return log.stream()
                .map(m -> (m.incarnation() == 0 ? "" : m.incarnation() + "/") + m.sequence() + ":"
                        + (m.id() == null ? "foreign" : m.id()))
                .collect(Collectors.joining(" "));
    }
}

package dev.outboxrelay.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A million parked events, and what an operator leaves behind, slow nobody down. The times are printed. */
final class BacklogSizeIT {

    private static final int MILLION = 1_000_000;

    @Test
    void a_million_parked_events_are_begun_fetched_and_resolved_in_time() throws Exception {
        try (LetterTable table = LetterTable.create("backlog_size")) {
            // not analysed, and with many that were sent long ago in front: what a plan has to cope with
            table.execute("ALTER TABLE outbox.dead_letter SET (autovacuum_enabled = false)");
            fill(table, "long_ago", "sent", 100_000, "0");
            fill(table, "acme", "parked", MILLION, "1");
            fill(table, "bad", "dead", 50_000, "2");
            List<String> known = table.texts("SELECT event_id FROM outbox.dead_letter WHERE tenant_id = 'acme' ORDER BY"
                    + " seq DESC LIMIT 2048");

            Backlog backlog = timed("open", Duration.ofSeconds(20), () -> open(table));

            assertThat(backlog.tenants()).isEqualTo(Map.of("acme", (long) MILLION));
            drain(table, backlog, 100);
            table.execute("ANALYZE outbox.dead_letter");
            drain(table, backlog, 100);
            try (DeadLetterIndex index = new DeadLetterIndex(table.database(), LetterTable.SLOT)) {
                assertThat(timed("look up 2048 events", Duration.ofSeconds(5), () -> lookUp(index, known)))
                        .hasSize(known.size());
            }
            table.due.clear();
            table.operate("UPDATE outbox.dead_letter SET state = 'replaying' WHERE tenant_id = 'bad'");
            dev.outboxrelay.testing.Await.until("operators are heard", () -> table.due.contains("bad"));
            BacklogRow row = table.<Fetched>ask(answer -> backlog.fetch("acme", 1, 1 << 20, answer))
                    .rows()
                    .get(0);
            Reconciled reconciled = timed(
                    "reconcile one",
                    Duration.ofSeconds(5),
                    () -> table.reconcile(backlog, "acme", Set.of(row.event().id()), null));
            assertThat(reconciled.resolved()).isEqualTo(1);
        }
    }

    private static void fill(LetterTable table, String tenant, String state, int rows, String series) throws Exception {
        String id = "'" + series.repeat(8) + "-0000-4000-8000-' || lpad(to_hex(n), 12, '0')";
        table.execute(
                "INSERT INTO outbox.dead_letter (slot, source, event_id, tenant_id, subject, payload, committed_at, state,"
                        + " dead_at) SELECT 'any', 'outbox.message', " + id + ", '" + tenant
                        + "', 'events.order.created', decode(repeat('ab', 100), 'hex'), now(), '" + state + "',"
                        + (state.equals("dead") ? " now()" : " NULL") + " FROM generate_series(1, " + rows + ") n");
        if (state.equals("parked")) {
            table.execute("INSERT INTO outbox.message (id, tenant_id, subject, payload) SELECT (" + id + ")::uuid, '"
                    + tenant + "', 'events.order.created', '' FROM generate_series(1, " + rows / 5 + ") n");
        }
    }

    private static void drain(LetterTable table, Backlog backlog, int rounds) {
        List<Long> fetches = new ArrayList<>();
        List<Long> resolves = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            long begin = System.nanoTime();
            Fetched fetched = table.ask(answer -> backlog.fetch("acme", 500, 16 << 20, answer));
            long between = System.nanoTime();
            assertThat(fetched.rows()).hasSize(500);
            table.resolve(backlog, fetched.rows());
            fetches.add(between - begin);
            resolves.add(System.nanoTime() - between);
        }
        fetches.sort(null);
        resolves.sort(null);
        long total = fetches.stream().mapToLong(Long::longValue).sum()
                + resolves.stream().mapToLong(Long::longValue).sum();
        System.out.printf(
                "500 events: fetched in %.1f ms (median; longest %.1f), resolved in %.1f ms (longest %.1f): %.0f a second%n",
                fetches.get(rounds / 2) / 1e6,
                fetches.get(rounds - 1) / 1e6,
                resolves.get(rounds / 2) / 1e6,
                resolves.get(rounds - 1) / 1e6,
                rounds * 500 / (total / 1e9));
        assertThat(fetches.get(rounds / 2)).isLessThan(Duration.ofMillis(200).toNanos());
        assertThat(resolves.get(rounds / 2)).isLessThan(Duration.ofMillis(500).toNanos());
    }

    private static <T> T timed(String what, Duration limit, Supplier<T> action) {
        long begin = System.nanoTime();
        T result = action.get();
        long nanos = System.nanoTime() - begin;
        System.out.printf("%s with a million parked events: %.1f ms%n", what, nanos / 1e6);
        assertThat(nanos).isLessThan(limit.toNanos());
        return result;
    }

    private static Backlog open(LetterTable table) {
        try {
            return table.backlog();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Long> lookUp(DeadLetterIndex index, List<String> ids) {
        try {
            return index.known(ids);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}

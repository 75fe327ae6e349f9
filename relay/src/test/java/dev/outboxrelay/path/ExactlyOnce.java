package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What every test that breaks something demands afterwards: each stream holds exactly what was committed, in commit
 * order, every row says so, and nothing became a dead letter that is not one.
 */
final class ExactlyOnce {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private ExactlyOnce() {}

    /** Waits for the relay to get through with everything, and compares. The writers must have stopped. */
    static void demand(Outbox outbox, Connection client) throws Exception {
        demand(outbox, client, Set.of());
    }

    /** The same where these rows, and no others, cannot be published. */
    static void demand(Outbox outbox, Connection client, Set<String> dead) throws Exception {
        Map<String, List<String>> expected = new TreeMap<>();
        outbox.committed().forEach((tenant, ids) -> {
            List<String> good = ids.stream().filter(id -> !dead.contains(id)).toList();
            if (!good.isEmpty()) {
                expected.put(tenant, good);
            }
        });
        for (Map.Entry<String, List<String>> tenant : expected.entrySet()) {
            int size = tenant.getValue().size();
            Await.until(
                    size + " messages of " + tenant.getKey(),
                    PATIENCE,
                    () -> Streams.size(client, Streams.of(tenant.getKey())) >= size);
        }
        outbox.awaitAllMarked(PATIENCE);
        assertThat(Streams.idsOf(client, expected.keySet())).isEqualTo(expected);
        assertThat(outbox.count("outbox.message WHERE status = 'failed'")).isEqualTo(dead.size());
        assertThat(outbox.count("outbox.dead_letter WHERE state <> 'sent'")).isEqualTo(dead.size());
    }
}

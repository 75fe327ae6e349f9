package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.DockerEngine;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The main path between servers in containers, in every build that finds a Docker engine. The other tests do the same
 * with {@code -Dservers=containers}.
 */
@Timeout(600) // images may have to be pulled first
final class ContainersIT {

    private static final Duration DEADLINE = Duration.ofSeconds(60);

    @Test
    void rows_of_a_postgres_container_reach_a_nats_container_once_and_in_order_though_both_are_killed()
            throws Exception {
        DockerEngine.assume(ContainersIT.class);
        try (TestPostgres postgres =
                        TestPostgres.start(PostgresOptions.defaults().inContainer());
                TestNats nats = TestNats.start(NatsOptions.defaults().inContainer());
                Outbox outbox = Outbox.create(postgres, "containers");
                Connection client = nats.connection();
                RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            List<Row> before = insert(outbox);
            Await.until("the first rows are in their streams", DEADLINE, () -> arrived(client, before));

            nats.kill();
            List<Row> without = insert(outbox);
            nats.restart();
            postgres.kill();
            postgres.restart();
            List<Row> after = insert(outbox);

            List<Row> all =
                    Stream.of(before, without, after).flatMap(List::stream).toList();
            Await.until("all rows are in their streams", DEADLINE, () -> arrived(client, all));
            outbox.awaitAllMarked(DEADLINE);
            assertThat(Streams.ids(client, "acme")).isEqualTo(ids(all, "acme"));
            assertThat(Streams.ids(client, "zen")).isEqualTo(ids(all, "zen"));
            assertThat(outbox.count("outbox.dead_letter")).isZero();
        }
    }

    private static List<Row> insert(Outbox outbox) throws Exception {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            rows.add(Row.of("acme"));
            rows.add(Row.of("zen"));
        }
        outbox.insert(rows);
        return rows;
    }

    private static boolean arrived(Connection client, List<Row> rows) throws Exception {
        return Streams.ids(client, "acme").size() >= ids(rows, "acme").size()
                && Streams.ids(client, "zen").size() >= ids(rows, "zen").size();
    }

    private static List<String> ids(List<Row> rows, String tenant) {
        return rows.stream()
                .filter(row -> row.tenant().equals(tenant))
                .map(Row::id)
                .toList();
    }
}

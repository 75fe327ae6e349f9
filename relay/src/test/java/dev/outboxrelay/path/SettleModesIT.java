package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.nio.file.Files;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of a row once its event is published, and that an application's lock holds up nobody. */
final class SettleModesIT {

    private static int databases;

    private Outbox outbox;
    private TestNats nats;
    private Connection client;

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("settle_" + databases++);
    }

    @AfterEach
    void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    @Test
    void mark_says_published_and_when() throws Exception {
        Row good = Row.of("acme");
        Row bad = Row.of("acme", "a..b");
        try (RelayRig rig = outbox.relay(nats, Map.of("outbox.settle.mode", "mark"))) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();

            outbox.insert(good, bad);

            Await.until("the good row is marked", () -> "published".equals(outbox.status(good.id())));
            Await.until("the bad row is marked", () -> "failed".equals(outbox.status(bad.id())));
            assertThat(outbox.value("SELECT published_at BETWEEN created_at AND now() FROM outbox.message WHERE id = '"
                            + good.id() + "'"))
                    .isEqualTo("t");
            neighbours.finish();
            outbox.awaitAllMarked(Duration.ofSeconds(20));
        }
        assertThat(outbox.count("outbox.message WHERE (published_at IS NULL) <> (status <> 'published')"))
                .isZero();
    }

    @Test
    void delete_needs_its_grant_and_leaves_dead_letters_alone() throws Exception {
        Map<String, String> delete = Map.of("outbox.settle.mode", "delete");
        Row bad = Row.of("acme", "a..b");
        try (RelayRig refused = outbox.relay(nats, delete)) {
            assertThat(refused.refusal().problems()).anyMatch(problem -> problem.contains("GRANT DELETE ON"));
        }
        outbox.execute(Files.readString(Repository.root().resolve("schema/optional/grant-delete.sql")));

        try (RelayRig rig = outbox.relay(nats, delete)) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            outbox.insert(Row.of("acme"), bad, Row.of("acme"));
            Await.until("both good ones arrive", () -> Streams.size(client, Streams.of("acme")) == 2);
            neighbours.finish();
            Await.until(
                    "every published row is gone",
                    () -> outbox.count("outbox.message WHERE id <> '" + bad.id() + "'") == 0);
        }
        assertThat(outbox.value("SELECT reason FROM outbox.dead_letter")).isEqualTo("invalid_subject");
    }

    @Test
    void keep_touches_no_row() throws Exception {
        Row bad = Row.of("acme", "a..b");
        try (RelayRig rig = outbox.relay(nats, Map.of("outbox.settle.mode", "keep"))) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            outbox.insert(Row.of("acme"), bad, Row.of("acme"));
            Await.until("both good ones arrive", () -> Streams.size(client, Streams.of("acme")) == 2);
            Await.until("the bad one is dead", () -> outbox.count("outbox.dead_letter WHERE state = 'dead'") == 1);
            neighbours.finish();
        }
        assertThat(outbox.count("outbox.message WHERE status <> 'pending' OR published_at IS NOT NULL"))
                .isZero();
    }

    @Test
    void a_locked_row_delays_nobody_and_is_marked_when_the_lock_goes() throws Exception {
        Row locked = Row.of("acme");
        Row lockedBad = Row.of("acme", "a..b");
        Row deletedAtOnce = Row.of("acme");
        Row later = Row.of("acme");
        outbox.insert(locked, lockedBad, Row.of("acme"));
        outbox.insert(deletedAtOnce);
        outbox.execute("DELETE FROM outbox.message WHERE id = '" + deletedAtOnce.id() + "'");
        try (var application = outbox.superuser()) {
            application.setAutoCommit(false);
            try (Statement lock = application.createStatement()) {
                lock.execute("SELECT 1 FROM outbox.message WHERE id IN ('" + locked.id() + "', '" + lockedBad.id()
                        + "') FOR UPDATE");
            }
            try (RelayRig rig = outbox.relay(nats, Map.of())) {
                rig.awaitStreaming();
                Neighbours neighbours = Neighbours.beside(outbox, client);
                Await.until("others are marked", () -> outbox.count("outbox.message WHERE status = 'published'") > 50);
                assertThat(Streams.ids(client, "acme")).startsWith(locked.id());
                assertThat(outbox.status(locked.id())).isEqualTo("pending");
                assertThat(outbox.status(lockedBad.id())).isEqualTo("pending");
                assertThat(outbox.count("outbox.dead_letter WHERE state = 'dead'"))
                        .as("no dead letter without its row's status")
                        .isZero();

                application.rollback();

                Await.until("the locked row is marked", () -> "published".equals(outbox.status(locked.id())));
                Await.until("the bad one as well", () -> "failed".equals(outbox.status(lockedBad.id())));
                outbox.insert(later);
                neighbours.finish();
                Await.until("the last row is marked", () -> "published".equals(outbox.status(later.id())));
                outbox.awaitAllMarked(Duration.ofSeconds(20));
                assertThat(Streams.ids(client, "acme")).isEqualTo(without(lockedBad.id()));
                awaitConfirmed(outbox);
            }
        }
    }

    private List<String> without(String id) throws Exception {
        return outbox.committed().getOrDefault("acme", List.of()).stream()
                .filter(each -> !each.equals(id))
                .toList();
    }

    /** A row that its application deleted before it could be marked must not hold the slot for ever. */
    private static void awaitConfirmed(Outbox outbox) throws Exception {
        String end = String.valueOf(outbox.value("SELECT pg_current_wal_lsn()"));
        Await.until("the slot is confirmed up to " + end, Duration.ofSeconds(30), () -> {
            try (var superuser = outbox.superuser();
                    Statement statement = superuser.createStatement();
                    var result = statement.executeQuery("SELECT confirmed_flush_lsn >= '" + end
                            + "' FROM pg_replication_slots WHERE slot_name = '" + outbox.slot() + "'")) {
                return result.next() && result.getBoolean(1);
            }
        });
    }
}

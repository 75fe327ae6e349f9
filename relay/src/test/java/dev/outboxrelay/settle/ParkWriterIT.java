package dev.outboxrelay.settle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TcpProxy;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Parked events are in the table whole, once, and in the order in which they were given, whatever happens meanwhile.
 */
final class ParkWriterIT {

    private static int databases;

    private LetterTable table;

    @BeforeEach
    void create() throws Exception {
        table = LetterTable.create("park_" + databases++);
    }

    @AfterEach
    void close() throws Exception {
        table.close();
    }

    @Test
    void an_event_is_there_as_it_was() throws Exception {
        byte[] every = new byte[256];
        IntStream.range(0, 256).forEach(i -> every[i] = (byte) i);
        OutboxEvent event = LetterTable.event("acme", UUID.randomUUID().toString(), "{\"a\": \"b \\\" ; '\"}", every);
        OutboxEvent plain = new OutboxEvent(
                new EventId("shop.outbox:4;711"),
                new RowRef(new TableName("shop", "outbox"), "4;711"),
                "acme",
                "größe.{}\",\\.x",
                null,
                dev.outboxrelay.event.Payload.EMPTY,
                event.origin());

        table.park(List.of(event, plain));

        assertThat(table.texts(
                        "SELECT slot, kind, source, event_id, tenant_id, subject, headers, committed_at AT TIME ZONE"
                                + " 'UTC', reason, error, attempts, first_failed_at, dead_at, state, resolved_at, mark_due"
                                + " FROM outbox.dead_letter ORDER BY seq"))
                .containsExactly(
                        "any event outbox.message " + event.id() + " acme events.order.created {\"a\": \"b \\\" ; '\"}"
                                + " 2026-11-25 10:11:12.345678 null the stream is full 0 null null parked null f",
                        "any event shop.outbox shop.outbox:4;711 acme größe.{}\",\\.x null"
                                + " 2026-11-25 10:11:12.345678 null the stream is full 0 null null parked null f");
        assertThat(payload(event)).isEqualTo(every);
        assertThat(payload(plain)).isEmpty();
    }

    @Test
    void what_breaks_a_rule_waits_in_its_place_and_is_known_again() throws Exception {
        RowRef row = new RowRef(new TableName("shop", "outbox"), "1");
        OutboxEvent good = LetterTable.event("acme", UUID.randomUUID().toString(), null, new byte[1]);
        List<Parking> parkings = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(5);
        for (String headers : new String[] {"no json", "{\"a\": \"\\u0000\"}"}) {
            OutboxEvent event = new OutboxEvent(
                    new EventId("shop.outbox:" + headers.length()),
                    row,
                    "acme",
                    "x",
                    headers,
                    good.payload(),
                    good.origin());
            parkings.add(new Parking(event, "full", done::countDown));
        }
        OutboxEvent malformed = new OutboxEvent(
                new EventId("shop.outbox:m"), row, "acme", "x", "{\"a\":\"b\"}", good.payload(), good.origin());
        parkings.add(new Parking(malformed, "full", "row of shop.outbox: no payload", done::countDown));
        OutboxEvent emitted = new OutboxEvent(
                new EventId("outbox.emit:e"),
                new RowRef(TableName.OUTBOX_EMIT, "e"),
                "acme",
                "x",
                "[\"no object\"]",
                good.payload(),
                good.origin());
        parkings.add(new Parking(emitted, "full", done::countDown));
        parkings.add(new Parking(good, "full", done::countDown));

        table.parkWriter(table.database()).add(parkings);

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(table.fetch(table.backlog(), "acme").rows())
                .extracting(
                        each -> each.event().id().value(), each -> each.event().headersJson(), BacklogRow::malformed)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("shop.outbox:7", "\"no json\"", null),
                        org.assertj.core.groups.Tuple.tuple(
                                "shop.outbox:15", "\"{\\\"a\\\": \\\"\\\\u0000\\\"}\"", null),
                        org.assertj.core.groups.Tuple.tuple(
                                "shop.outbox:m", "{\"a\": \"b\"}", "row of shop.outbox: no payload"),
                        org.assertj.core.groups.Tuple.tuple("outbox.emit:e", "[\"no object\"]", null),
                        org.assertj.core.groups.Tuple.tuple(good.id().value(), null, null));
    }

    private byte[] payload(OutboxEvent event) throws SQLException {
        try (Connection connection = table.superuser();
                var statement = connection.createStatement();
                var row = statement.executeQuery(
                        "SELECT payload FROM outbox.dead_letter WHERE event_id = '" + event.id() + "'")) {
            row.next();
            return row.getBytes(1);
        }
    }

    @Test
    void the_order_is_that_of_adding_over_many_batches_and_large_events() throws Exception {
        List<OutboxEvent> events = new ArrayList<>();
        for (int i = 0; i < 7_000; i++) {
            byte[] payload = new byte[i % 700 == 0 ? 3 << 20 : 20];
            events.add(LetterTable.event("tenant" + i % 3, UUID.randomUUID().toString(), null, payload));
        }
        List<String> done = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch all = new CountDownLatch(events.size());
        ParkWriter writer = table.parkWriter(table.database());
        for (int i = 0; i < events.size(); i += 7) {
            writer.add(events.subList(i, i + 7).stream()
                    .map(event -> new Parking(event, "full", () -> {
                        done.add(event.id().value());
                        all.countDown();
                    }))
                    .toList());
        }

        assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();

        List<String> ids = events.stream().map(event -> event.id().value()).toList();
        assertThat(done).isEqualTo(ids);
        assertThat(table.texts("SELECT event_id FROM outbox.dead_letter ORDER BY seq"))
                .isEqualTo(ids);
    }

    @Test
    void an_event_that_is_there_stays_as_it_is() throws Exception {
        List<OutboxEvent> events = table.parked("acme", 3);
        table.execute("UPDATE outbox.dead_letter SET state = 'sent' WHERE event_id = '"
                + events.get(1).id() + "'");
        List<OutboxEvent> more = table.insert("acme", 1);

        table.park(List.of(events.get(0), events.get(1), more.get(0)));

        assertThat(table.texts("SELECT event_id, state FROM outbox.dead_letter ORDER BY seq"))
                .containsExactly(
                        events.get(0).id() + " parked",
                        events.get(1).id() + " sent",
                        events.get(2).id() + " parked",
                        more.get(0).id() + " parked");
    }

    @Test
    void a_connection_that_is_killed_in_the_middle_costs_nothing() throws Exception {
        List<OutboxEvent> events = table.insert("acme", 2_500);
        CountDownLatch done = new CountDownLatch(events.size());
        ParkWriter writer = table.parkWriter(table.database());
        try (Connection barrier = table.barrier("outbox.dead_letter", "INSERT")) {
            writer.add(events.stream()
                    .map(event -> new Parking(event, "full", done::countDown))
                    .toList());
            table.killAtBarrier("park");
            assertThat(done.getCount())
                    .as("nothing is done before it is committed")
                    .isEqualTo(events.size());
        }

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();

        assertThat(table.texts("SELECT event_id FROM outbox.dead_letter ORDER BY seq"))
                .isEqualTo(events.stream().map(event -> event.id().value()).toList());
    }

    @Test
    void a_commit_whose_answer_is_lost_is_found_again() throws Exception {
        List<OutboxEvent> events = table.insert("acme", 2_500);
        CountDownLatch done = new CountDownLatch(events.size());
        URI server = URI.create(table.url().substring("jdbc:".length()));
        try (TcpProxy proxy = TcpProxy.to(server.getHost(), server.getPort())) {
            ParkWriter writer = table.parkWriter(
                    table.database(table.url().replace(":" + server.getPort() + "/", ":" + proxy.port() + "/")));
            // the first batch waits inside its commit, where the client cannot know any more what becomes of it
            table.execute("CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON outbox.dead_letter INITIALLY DEFERRED"
                    + " FOR EACH ROW WHEN (NEW.event_id = '" + events.get(0).id()
                    + "') EXECUTE FUNCTION public.barrier()");
            try (Connection barrier = table.barrier("outbox.route", "DELETE")) {
                writer.add(events.stream()
                        .map(event -> new Parking(event, "full", done::countDown))
                        .toList());
                Await.until(
                        "a commit waits",
                        () -> !table.texts("SELECT 1 FROM pg_stat_activity WHERE datname ="
                                        + " current_database() AND query = 'COMMIT' AND wait_event_type = 'Lock'")
                                .isEmpty());
                proxy.sever();
            }
            Await.until(
                    "it is committed although nobody was told",
                    () -> !table.text("SELECT count(*) FROM outbox.dead_letter").equals("0"));
            assertThat(done.getCount()).isEqualTo(events.size());
            proxy.heal();

            assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        }

        assertThat(table.texts("SELECT event_id FROM outbox.dead_letter ORDER BY seq"))
                .isEqualTo(events.stream().map(event -> event.id().value()).toList());
    }

    @Test
    void a_leader_that_is_late_parks_nothing() throws Exception {
        List<OutboxEvent> events = table.insert("acme", 1);
        table.execute("UPDATE outbox.leader SET term = 2");
        ParkWriter writer = table.parkWriter(table.database());

        writer.add(List.of(new Parking(events.get(0), "full", () -> table.ended.complete("done"))));

        assertThat(table.ended.get(30, TimeUnit.SECONDS)).isEqualTo("fenced");
        assertThat(table.text("SELECT count(*) FROM outbox.dead_letter")).isEqualTo("0");
    }

    @Test
    void it_keeps_up_with_the_source() throws Exception {
        int events = 200_000;
        byte[] payload = new byte[500];
        List<Parking> all = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(events);
        for (int i = 0; i < events; i++) {
            OutboxEvent event = LetterTable.event(
                    "acme",
                    UUID.randomUUID().toString(),
                    "{\"traceparent\": \"00-4bf92f3577b34da6a3ce929d0e0e4736\"}",
                    payload);
            all.add(new Parking(event, "the stream is full", done::countDown));
        }
        ParkWriter writer = table.parkWriter(table.database());
        long start = System.nanoTime();
        writer.add(all);
        assertThat(done.await(120, TimeUnit.SECONDS)).isTrue();
        double seconds = Duration.ofNanos(System.nanoTime() - start).toMillis() / 1_000.0;
        System.out.printf(
                "parked %d events of 500 bytes in %.1f s: %.0f a second%n", events, seconds, events / seconds);
        assertThat(events / seconds).isGreaterThan(4_000);
    }
}

package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.TenantId;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Fuzz;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.Message;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;

/**
 * Arbitrary values in every column of every kind of outbox table: each row ends in its own tenant's stream, whole, or
 * as a dead letter, whole; the relay never stops, and nobody else notices.
 */
final class FuzzedRowsIT {

    private static final int ROWS = 2_400;
    private static final int TENANTS = 40;

    private static final String TABLES = """
            CREATE SCHEMA fuzz;
            CREATE TABLE fuzz.texts (n int, id text, tenant_id text, subject text, payload text, headers text);
            CREATE TABLE fuzz.jsons (n int, id text, tenant_id text, subject text, payload json, headers json);
            CREATE TABLE fuzz.orders (n int, id text, tenant_id text, aggregatetype text, aggregateid text, type text, payload bytea);
            ALTER PUBLICATION outbox ADD TABLE fuzz.texts (id, tenant_id, subject, payload, headers);
            ALTER PUBLICATION outbox ADD TABLE fuzz.jsons (id, tenant_id, subject, payload, headers);
            ALTER PUBLICATION outbox ADD TABLE fuzz.orders (id, tenant_id, aggregatetype, aggregateid, type, payload);
            GRANT USAGE ON SCHEMA fuzz TO outbox_relay;
            GRANT SELECT ON ALL TABLES IN SCHEMA fuzz TO outbox_relay;
            """;

    private static final Map<String, String> SETTINGS = new TreeMap<>(Map.of(
            "outbox.source.tables[0].table", "fuzz.texts",
            "outbox.source.tables[0].preset", "native",
            "outbox.source.tables[0].settle", "keep",
            "outbox.source.tables[1].table", "fuzz.jsons",
            "outbox.source.tables[1].preset", "native",
            "outbox.source.tables[1].settle", "keep",
            "outbox.source.tables[2].table", "fuzz.orders"));

    /** Two of these have the same id, and all have one that is none. */
    private static final String COPIED = """
            1\tno id\tacme\torder\t1\tx\t\\\\x00
            2\tno id either\tacme\torder\t1\tx\t\\\\x01
            3\tno id\tacme\torder\t1\tx\t\\\\x02
            """;

    /** A row that was inserted: where to, and the tenant that it names. */
    private record Inserted(String table, String id, String tenant, Payload payload) {
        String eventId() {
            return table.equals("outbox.message") ? id : table + ":" + id;
        }
    }

    @ParameterizedTest
    @EnumSource(Naming.class)
    void every_row_ends_in_its_own_stream_or_as_a_dead_letter(Naming naming) throws Exception {
        long seed = Long.getLong("seed", 4_711);
        System.out.println("seed " + seed);
        Map<String, String> settings = new TreeMap<>(SETTINGS);
        settings.put("outbox.naming", naming.name().toLowerCase(Locale.ROOT));
        try (TestNats nats = TestNats.start();
                Outbox outbox = Outbox.create("fuzz_" + naming.name().toLowerCase(Locale.ROOT))) {
            outbox.execute(TABLES);
            Connection client = nats.connection();
            try (RelayRig rig = outbox.relay(nats, settings)) {
                rig.awaitStreaming();
                Neighbours neighbours = Neighbours.beside(
                        outbox,
                        client,
                        Address.of(Neighbours.ODD, naming).orElseThrow().token());
                try {
                    List<Inserted> rows = insert(outbox, new Fuzz(seed));

                    Set<String> expected = rows.stream().map(Inserted::eventId).collect(Collectors.toSet());
                    Map<String, Inserted> byId =
                            rows.stream().collect(Collectors.toMap(Inserted::eventId, row -> row, (a, b) -> a));
                    Set<String> dead = awaitAll(outbox, client, rows, naming, byId);
                    assertThat(dead).as("not all of it is nonsense").hasSizeLessThan(expected.size());
                    assertThat(rig.relay().status().source().connected()).isTrue();
                    neighbours.finish();
                    outbox.awaitAllMarked(Duration.ofSeconds(30));
                } finally {
                    neighbours.leave();
                }
            }
        }
    }

    private static List<Inserted> insert(Outbox outbox, Fuzz fuzz) throws SQLException {
        List<String> tenants = new ArrayList<>(List.of("acme", "Acme", "other", "", "=61cme"));
        while (tenants.size() < TENANTS) {
            tenants.add(fuzz.name());
        }
        List<Inserted> rows = new ArrayList<>();
        try (var connection = outbox.superuser()) {
            connection.setAutoCommit(false);
            for (int i = 0; i < ROWS; i++) {
                rows.add(insert(connection, fuzz, fuzz.oneOf(tenants), i));
                if (fuzz.below(20) == 0) {
                    connection.commit();
                }
            }
            connection.commit();
        }
        return rows;
    }

    private static Inserted insert(java.sql.Connection connection, Fuzz fuzz, String tenant, int n)
            throws SQLException {
        String id = fuzz.below(3) == 0 ? fuzz.text() + n : UUID.randomUUID().toString();
        String subject = fuzz.subject(tenant);
        return switch (fuzz.below(6)) {
            case 0 -> {
                String payload = fuzz.text();
                run(
                        connection,
                        "INSERT INTO fuzz.texts VALUES (?, ?, ?, ?, ?, ?)",
                        n,
                        id,
                        tenant,
                        subject,
                        payload,
                        orNull(fuzz, fuzz.anyText()));
                yield new Inserted("fuzz.texts", id, tenant, Payload.of(payload.getBytes(StandardCharsets.UTF_8)));
            }
            case 1 -> {
                String payload = fuzz.jsonb();
                run(
                        connection,
                        "INSERT INTO fuzz.jsons VALUES (?, ?, ?, ?, ?::json, ?::json)",
                        n,
                        id,
                        tenant,
                        subject,
                        payload,
                        orNull(fuzz, fuzz.json()));
                yield new Inserted("fuzz.jsons", id, tenant, Payload.of(payload.getBytes(StandardCharsets.UTF_8)));
            }
            case 2 -> {
                byte[] payload = fuzz.bytes();
                run(
                        connection,
                        "INSERT INTO fuzz.orders VALUES (?, ?, ?, ?, ?, ?, ?)",
                        n,
                        id,
                        orNull(fuzz, tenant),
                        orNull(fuzz, fuzz.name()),
                        fuzz.name(),
                        orNull(fuzz, fuzz.name()),
                        payload);
                yield new Inserted("fuzz.orders", id, tenant, Payload.of(payload));
            }
            default -> {
                String uuid = UUID.randomUUID().toString();
                byte[] payload = fuzz.bytes();
                run(
                        connection,
                        "INSERT INTO outbox.message (id, tenant_id, subject, payload, headers) VALUES (?::uuid, ?, ?, ?, ?::jsonb)",
                        uuid,
                        tenant,
                        subject,
                        payload,
                        orNull(fuzz, fuzz.jsonb()));
                yield new Inserted("outbox.message", uuid, tenant, Payload.of(payload));
            }
        };
    }

    private static @Nullable Object orNull(Fuzz fuzz, Object value) {
        return fuzz.below(10) == 0 ? null : value;
    }

    private static void run(java.sql.Connection connection, String sql, @Nullable Object... values)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    /** Waits until every row is somewhere, and looks at each; returns the ids of dead letters. */
    private static Set<String> awaitAll(
            Outbox outbox, Connection client, List<Inserted> rows, Naming naming, Map<String, Inserted> byId)
            throws Exception {
        Await.until("every row is somewhere", Duration.ofMinutes(2), () -> {
            int dead = outbox.count("outbox.dead_letter");
            long stored = fuzzedStreams(client).values().stream()
                    .mapToLong(List::size)
                    .sum();
            if (dead + stored < rows.size()) {
                throw new AssertionError(dead + " dead and " + stored + " stored of " + rows.size());
            }
            return true;
        });
        Set<String> dead = assertDeadLettersAreWhole(outbox, byId);
        int stored = 0;
        for (Map.Entry<String, List<Message>> stream : fuzzedStreams(client).entrySet()) {
            for (Message message : stream.getValue()) {
                stored++;
                assertIsAtHome(stream.getKey(), message, byId, naming);
            }
        }
        assertThat(dead.size() + stored).as("each row once").isEqualTo(rows.size());
        return dead;
    }

    private static Map<String, List<Message>> fuzzedStreams(Connection client) throws Exception {
        Map<String, List<Message>> streams = new HashMap<>();
        for (String stream : client.jetStreamManagement().getStreamNames()) {
            if (!stream.equals("OVERLAP")) {
                List<Message> fuzzed = Streams.messages(client, stream).stream()
                        .filter(message -> !isNeighbours(message))
                        .toList();
                streams.put(stream, fuzzed);
            }
        }
        return streams;
    }

    private static boolean isNeighbours(Message message) {
        return Set.of(Neighbours.NOISY, Neighbours.BROKEN, Neighbours.SILENT, Neighbours.ODD)
                .contains(message.getHeaders().getFirst("Outbox-Tenant"));
    }

    private static void assertIsAtHome(String stream, Message message, Map<String, Inserted> byId, Naming naming) {
        Inserted row = Objects.requireNonNull(byId.get(Streams.id(message)), Streams.id(message));
        Address home = Address.of(row.tenant(), naming).orElseThrow();
        assertThat(home.tenant()).isEqualTo(new TenantId(row.tenant()));
        assertThat(stream).isEqualTo(home.stream().value());
        assertThat(message.getSubject()).startsWith(home.prefix());
        assertThat(message.getHeaders().getFirst("Outbox-Tenant")).isEqualTo(home.headerValue());
        assertThat(message.getHeaders().keySet().stream()
                        .filter(name -> name.toLowerCase(Locale.ROOT).startsWith("nats-")))
                .containsExactlyInAnyOrder("Nats-Msg-Id", "Nats-Expected-Stream", "Nats-Expected-Last-Sequence");
        if (!row.table().equals("fuzz.jsons")) {
            assertThat(message.getData()).isEqualTo(row.payload().bytes());
        }
    }

    private static Set<String> assertDeadLettersAreWhole(Outbox outbox, Map<String, Inserted> byId)
            throws SQLException {
        Set<String> dead = new HashSet<>();
        try (var operator = outbox.superuser();
                var statement = operator.createStatement();
                var letters = statement.executeQuery(
                        "SELECT event_id, source, tenant_id, payload, reason, error, state FROM outbox.dead_letter")) {
            while (letters.next()) {
                String eventId = letters.getString(1);
                dead.add(eventId);
                assertThat(letters.getString(5)).as(eventId).isNotNull();
                assertThat(letters.getString(6)).as(eventId).isNotBlank().matches("[ -~]*");
                assertThat(letters.getString(7)).as(eventId).isEqualTo("dead");
                Inserted row = byId.get(eventId);
                if (row == null) {
                    assertThat(eventId).contains(":unreadable@");
                } else {
                    assertThat(letters.getString(3)).as(eventId).isIn(row.tenant(), "");
                    if (!row.table().equals("fuzz.jsons")) {
                        assertThat(Arrays.equals(
                                        letters.getBytes(4), row.payload().bytes()))
                                .as(eventId)
                                .isTrue();
                    }
                }
            }
        }
        return dead;
    }

    @Test
    void rows_that_share_one_position_and_have_no_usable_id_are_all_kept() throws Exception {
        try (TestNats nats = TestNats.start();
                Outbox outbox = Outbox.create("fuzz_copy")) {
            outbox.execute(TABLES);
            try (RelayRig rig = outbox.relay(nats, SETTINGS)) {
                rig.awaitStreaming();
                try (var connection = outbox.superuser()) {
                    // COPY writes many rows into one WAL record, so that all have its position
                    connection
                            .unwrap(PGConnection.class)
                            .getCopyAPI()
                            .copyIn("COPY fuzz.orders FROM STDIN", new StringReader(COPIED));
                }

                Await.until("all are dead letters", () -> outbox.count("outbox.dead_letter") == 3);

                assertThat(outbox.count("outbox.dead_letter WHERE event_id LIKE 'fuzz.orders:unreadable@%'"))
                        .isEqualTo(3);
            }
        }
    }
}

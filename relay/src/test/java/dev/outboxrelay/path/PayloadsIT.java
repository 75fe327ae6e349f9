package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.impl.Headers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Payloads of every size, any bytes, and names in any script arrive as they were written. */
final class PayloadsIT {

    private static final int MAX_PAYLOAD = 1 << 20;
    /** "NATS/1.0" and the two line ends around the headers (NATS ADR-4). */
    private static final int FRAME = 12;
    /** The longest sequence: the relay judges a row once, whatever its place in the stream turns out to be. */
    private static final int LONGEST_SEQUENCE = 19;

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig rig;
    private static Neighbours neighbours;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("payloads");
        rig = outbox.relay(nats, Map.of("outbox.naming", "encode"));
        neighbours = Neighbours.beside(outbox, client, "__-=4fddly-=4e=41=4d=45=44-0_");
    }

    @AfterAll
    static void everybody_else_was_left_alone() throws Exception {
        try {
            neighbours.finish();
            outbox.awaitAllMarked(Duration.ofSeconds(20));
        } finally {
            neighbours.leave();
            rig.close();
            nats.close();
            outbox.close();
        }
    }

    @Test
    void payloads_of_no_byte_one_byte_and_every_byte_value() throws Exception {
        byte[] every = new byte[512];
        for (int i = 0; i < every.length; i++) {
            every[i] = (byte) i;
        }
        List<Row> rows = List.of(
                Row.of("bytes").with(new byte[0]),
                Row.of("bytes").with(new byte[] {0}),
                Row.of("bytes").with(new byte[] {'\n'}),
                Row.of("bytes").with(every));

        outbox.insert(rows);

        assertArrived("TENANT_BYTES", rows);
    }

    @Test
    void rows_of_500_kilobytes() throws Exception {
        Random random = new Random(42);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            byte[] bytes = new byte[500_000];
            random.nextBytes(bytes);
            rows.add(Row.of("wide").with(bytes));
        }

        outbox.insert(rows);

        assertArrived("TENANT_WIDE", rows);
    }

    @Test
    void the_payload_alone_as_large_as_the_server_takes_is_too_large_with_its_headers() throws Exception {
        Row before = Row.of("alone");
        Row exactly = Row.of("alone").with(new byte[MAX_PAYLOAD]);
        Row oneMore = Row.of("alone").with(new byte[MAX_PAYLOAD + 1]);
        Row after = Row.of("alone");

        outbox.insert(before, exactly, oneMore, after);

        assertArrived("TENANT_ALONE", List.of(before, after));
        assertThat(outbox.count("outbox.dead_letter WHERE tenant_id = 'alone' AND reason = 'payload_too_large'"))
                .isEqualTo(2);
    }

    @Test
    void headers_and_payload_together_up_to_exactly_what_the_server_takes() throws Exception {
        String headers = "{\"traceparent\": \"00-ab\", \"Content-Type\": \"text/plain\"}";
        outbox.insert(Row.of("limit").withHeaders(headers));
        Await.until("a message to measure", () -> Streams.size(client, "TENANT_LIMIT") == 1);
        int overhead = overhead(Streams.messages(client, "TENANT_LIMIT").get(0));
        List<Row> rows = new ArrayList<>();
        for (int around = -4; around <= 4; around++) {
            byte[] bytes = new byte[MAX_PAYLOAD - overhead + around];
            Arrays.fill(bytes, (byte) around);
            rows.add(Row.of("limit").withHeaders(headers).with(bytes));
        }

        outbox.insert(rows);

        String limit = "outbox.dead_letter WHERE tenant_id = 'limit'";
        Await.until(
                "every row is decided",
                () -> Streams.size(client, "TENANT_LIMIT") + outbox.count(limit) == 1 + rows.size());
        List<Message> stored = Streams.messages(client, "TENANT_LIMIT");
        Message largest = stored.get(stored.size() - 1);
        assertThat(overhead(largest) + largest.getData().length)
                .as("the largest that went through")
                .isEqualTo(MAX_PAYLOAD);
        assertThat(stored.stream().skip(1).map(Streams::id))
                .isEqualTo(rows.stream().limit(stored.size() - 1).map(Row::id).toList());
        assertThat(outbox.value("SELECT error FROM " + limit + " ORDER BY octet_length(payload) LIMIT 1"))
                .as("the smallest that did not")
                .contains("are " + (MAX_PAYLOAD + 1) + " bytes");
        assertThat(outbox.count(limit + " AND reason <> 'payload_too_large'")).isZero();
    }

    /** What a message takes beside its payload, its sequence counted with its greatest length. */
    private static int overhead(Message message) {
        Headers headers = message.getHeaders();
        int size = FRAME;
        for (String name : headers.keySet()) {
            String value = String.valueOf(headers.getFirst(name));
            size += name.length() + 1 + 2;
            size += name.equals("Nats-Expected-Last-Sequence") ? LONGEST_SEQUENCE : value.length();
        }
        return size;
    }

    @Test
    void subjects_in_any_script_and_of_any_legal_length() throws Exception {
        List<String> subjects = List.of(
                "événements.commande.créée",
                "イベント.注文",
                "emoji.🚚.geliefert",
                "$weird=chars.{}[]().#!'\"`,;:/\\|",
                "x".repeat(2_048 - "tenant.scripts.".length()),
                "日".repeat((2_048 - "tenant.scripts.".length()) / 3),
                "a." + "b.".repeat(500) + "c");
        List<Row> rows =
                subjects.stream().map(subject -> Row.of("scripts", subject)).toList();

        outbox.insert(rows);

        assertArrived("TENANT_SCRIPTS", rows);
        Connection reader = Nats.connect(
                new Options.Builder().server(nats.url()).supportUTF8Subjects().build());
        try {
            assertThat(Streams.messages(reader, "TENANT_SCRIPTS").stream().map(Message::getSubject))
                    .isEqualTo(subjects.stream()
                            .map(subject -> "tenant.scripts." + subject)
                            .toList());
        } finally {
            reader.close();
        }
    }

    @Test
    void tenants_with_any_name_have_streams_of_their_own() throws Exception {
        Map<String, String> encoded = Map.of(
                "Acme", "=41cme",
                "acme", "acme",
                "=41cme", "=3d41cme",
                "größe", "gr=c3=b6=c3=9fe",
                "a.b", "a=2eb",
                "a b", "a=20b",
                "*", "=2a",
                ">", "=3e",
                "日本", "=e6=97=a5=e6=9c=ac",
                "../etc/passwd", "=2e=2e=2fetc=2fpasswd");
        List<Row> rows = new ArrayList<>();
        encoded.keySet().forEach(tenant -> rows.add(Row.of(tenant, "a.b")));
        rows.add(Row.of("A".repeat(64), "a.b"));

        outbox.insert(rows);

        for (Row row : rows) {
            String token = encoded.getOrDefault(row.tenant(), "=41".repeat(64));
            String stream = Streams.of(token);
            Await.until("stream " + stream, () -> Streams.size(client, stream) == 1);
            Message message = Streams.messages(client, stream).get(0);
            assertThat(Streams.id(message)).isEqualTo(row.id());
            assertThat(message.getSubject()).isEqualTo("tenant." + token + ".a.b");
            assertThat(client.jetStreamManagement()
                            .getStreamInfo(stream)
                            .getConfiguration()
                            .getMetadata())
                    .containsEntry("outbox.tenant", row.tenant());
        }
    }

    @Test
    void a_subject_that_names_its_own_encoded_tenant_is_taken_as_it_is() throws Exception {
        Row row = Row.of("Own", "tenant.=4fwn.a");

        outbox.insert(row);

        Await.until("the row arrives", () -> Streams.size(client, "TENANT_=4FWN") == 1);
        assertThat(Streams.messages(client, "TENANT_=4FWN").get(0).getSubject()).isEqualTo(row.subject());
    }

    @Test
    void a_tenant_id_longer_than_64_bytes_is_a_dead_letter() throws Exception {
        Row row = Row.of("日".repeat(22));

        outbox.insert(row);

        Await.until("it is dead", () -> "failed".equals(outbox.status(row.id())));
        assertThat(outbox.value("SELECT reason FROM outbox.dead_letter WHERE event_id = '" + row.id() + "'"))
                .isEqualTo("invalid_tenant");
    }

    private static void assertArrived(String stream, List<Row> rows) throws Exception {
        Await.until(rows.size() + " messages in " + stream, () -> Streams.size(client, stream) == rows.size());
        List<Message> messages = Streams.messages(client, stream);
        assertThat(messages.stream().map(Streams::id))
                .isEqualTo(rows.stream().map(Row::id).toList());
        for (int i = 0; i < rows.size(); i++) {
            assertThat(Arrays.equals(
                            messages.get(i).getData(), rows.get(i).payload().bytes()))
                    .as("bytes of row %d", i)
                    .isTrue();
        }
    }
}

package dev.outboxrelay.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class EmittedReaderTest {

    private static final UUID ID = UUID.fromString("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    private static final byte[] SECRET = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final List<EmitKey> KEYS = List.of(new EmitKey(new byte[32]), new EmitKey(SECRET));
    private static final Origin ORIGIN = new Origin(new Lsn(0x1_0000_0010L), new Lsn(0x1_0000_0000L), 7);
    private static final byte[] BINARY = {0, -1, '\\', 0};

    private final EmittedReader reader = new EmittedReader("outbox_relay");

    private static byte[] body(@Nullable String... texts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeLong(ID.getMostSignificantBits());
            out.writeLong(ID.getLeastSignificantBits());
            for (String text : texts) {
                write(out, text == null ? null : text.getBytes(StandardCharsets.UTF_8));
            }
            write(out, BINARY);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, byte @Nullable [] value) throws IOException {
        out.writeInt(value == null ? -1 : value.length);
        if (value != null) {
            out.write(value);
        }
    }

    private static byte[] sealed(int version, byte[] body) {
        byte[] head = {(byte) version};
        return concat(head, sha256(SECRET, sha256(SECRET, head, body)), body);
    }

    private static byte[] sha256(byte[]... parts) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(concat(parts));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }

    private static Change.Emitted message(byte[] content) {
        return new Change.Emitted(ORIGIN, Payload.of(content));
    }

    private Optional<Decoded> read(byte[] body) {
        return reader.read(message(sealed(1, body)));
    }

    @Test
    void an_event_is_read_as_it_was_written() {
        OutboxEvent event = ((Decoded.Event) read(body("outbox_relay", "größe", "", "{\"a\": \"😀\"}"))
                        .orElseThrow())
                .event();

        assertThat(event.id()).isEqualTo(new EventId("outbox.emit:" + ID));
        assertThat(event.row()).isEqualTo(new RowRef(TableName.OUTBOX_EMIT, ID.toString()));
        assertThat(event.tenant()).isEqualTo("größe");
        assertThat(event.subject()).isEmpty();
        assertThat(event.headersJson()).isEqualTo("{\"a\": \"😀\"}");
        assertThat(event.payload().bytes()).isEqualTo(BINARY);
        assertThat(event.origin()).isEqualTo(ORIGIN);
        assertThat(RowRef.find("outbox.emit", event.id().value())).contains(event.row());
    }

    @Test
    void headers_may_be_missing_and_nothing_else() {
        assertThat(((Decoded.Event) read(body("outbox_relay", "a", "b", null)).orElseThrow())
                        .event()
                        .headersJson())
                .isNull();
        assertThat(read(body("outbox_relay", null, "b", null)).orElseThrow()).isInstanceOf(Decoded.Malformed.class);
    }

    @Test
    void an_event_for_another_slot_passes_by() {
        assertThat(read(body("outbox_relay_2", "a", "b", null))).isEmpty();
    }

    @Test
    void a_later_version_becomes_a_dead_letter_with_all_that_was_sealed() {
        byte[] body = "anything".getBytes(StandardCharsets.UTF_8);
        Change.Emitted message = message(sealed(2, body));

        Decoded.Malformed malformed = (Decoded.Malformed) reader.read(message).orElseThrow();

        assertThat(EmittedReader.isSealed(message, KEYS)).isTrue();
        assertThat(malformed.error()).contains("version 2");
        assertThat(malformed.remains().payload().bytes()).isEqualTo(body);
        assertThat(malformed.remains().id().value()).startsWith("outbox.emit:unreadable@1/10/");
        assertThat(malformed.remains().tenant()).isEmpty();
        assertThat(RowRef.find("outbox.emit", malformed.remains().id().value()))
                .as("what a replay would send")
                .isEmpty();
    }

    @Test
    void a_message_is_sealed_with_one_of_the_keys_or_not_at_all() {
        byte[] good = sealed(1, body("outbox_relay", "a", "b", null));

        assertThat(EmittedReader.isSealed(message(good), KEYS)).isTrue();
        assertThat(EmittedReader.isSealed(message(good), List.of())).isFalse();
        assertThat(EmittedReader.isSealed(message(good), KEYS.subList(0, 1))).isFalse();
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 1;
            assertThat(EmittedReader.isSealed(message(bad), KEYS)).isFalse();
        }
        for (int length : new int[] {0, 1, 32, good.length - 1}) {
            assertThat(EmittedReader.isSealed(message(Arrays.copyOf(good, length)), KEYS))
                    .isFalse();
        }
        assertThat(KEYS.get(1).toString()).doesNotContain("0123");
    }

    @Test
    void whatever_was_sealed_is_an_event_or_a_dead_letter() {
        byte[] good = body("outbox_relay", "a", "b", "{}");
        for (int length = 0; length < good.length; length++) {
            assertThat(read(Arrays.copyOf(good, length)).orElseThrow()).isInstanceOf(Decoded.Malformed.class);
        }
        assertThat(read(concat(good, new byte[1])).orElseThrow()).isInstanceOf(Decoded.Malformed.class);
        Random random = new Random(20_261_127);
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = good.clone();
            for (int change = random.nextInt(1, 5); change > 0; change--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            assertThat(read(bad)).isNotNull();
        }
    }
}

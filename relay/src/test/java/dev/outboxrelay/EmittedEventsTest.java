package dev.outboxrelay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.decode.Change;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.decode.EmitKey;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.slot.EmitKeys;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When the keys are read: as seldom as may be, and never too late. */
final class EmittedEventsTest {

    private static final byte[] OLD = new byte[32];
    private static final byte[] NEW =
            "0123456789abcdef0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.UTF_8);

    private final Deque<EmitKeys> looks = new ArrayDeque<>();
    private final EmittedEvents events = new EmittedEvents(looks::remove, "outbox_relay");

    /** A sealed message that says nothing: what becomes of it tells that it was taken for ours. */
    private static Change.Emitted sealed(byte[] key, long lsn) throws Exception {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(key);
        byte[] inner = digest.digest(new byte[] {1});
        digest.update(key);
        content.write(1);
        content.writeBytes(digest.digest(inner));
        return new Change.Emitted(new Origin(new Lsn(lsn), Lsn.NONE, 0), Payload.of(content.toByteArray()));
    }

    private void known(long upTo, byte[]... keys) {
        looks.add(new EmitKeys(
                new Lsn(upTo), java.util.Arrays.stream(keys).map(EmitKey::new).toList()));
    }

    @Test
    void the_keys_are_read_once() throws Exception {
        known(100, OLD);

        assertThat(events.decode(sealed(OLD, 50))).get().isInstanceOf(Decoded.Malformed.class);
        assertThat(events.decode(sealed(OLD, 500))).isPresent();
        assertThat(looks).isEmpty();
    }

    @Test
    void a_newer_key_is_looked_for_where_one_may_have_been_used() throws Exception {
        known(100, OLD);
        known(200, NEW, OLD);

        assertThat(events.decode(sealed(OLD, 50))).isPresent();
        assertThat(events.decode(sealed(NEW, 100))).isPresent();
        assertThat(events.decode(sealed(OLD, 101))).isPresent();
    }

    @Test
    void what_lies_before_the_look_that_found_the_keys_is_judged_by_them() throws Exception {
        known(100, OLD);

        assertThat(List.of(events.decode(sealed(NEW, 50)), events.decode(sealed(NEW, 99))))
                .allMatch(java.util.Optional::isEmpty);
        assertThat(looks).isEmpty();
    }

    @Test
    void without_any_key_no_message_is_ours() throws Exception {
        known(100);
        known(300, OLD);

        assertThat(events.decode(sealed(OLD, 50))).isEmpty();
        assertThat(events.decode(sealed(OLD, 200))).isPresent();
    }
}

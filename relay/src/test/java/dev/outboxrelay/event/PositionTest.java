package dev.outboxrelay.event;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PositionTest {

    private static final SlotIdentity SLOT = new SlotIdentity(-2, 3, "outbox_relay");

    @Test
    void is_written_as_documented() {
        Position position = new Position(7, SLOT, Lsn.parse("1/A0"), Lsn.parse("1/90"), 41, new EventId("e-1"));

        assertThat(position.encode()).isEqualTo("1;7;18446744073709551614;3;outbox_relay;1/A0;1/90;41;e-1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"e", "a;b", ";", ";;;", "public.orders:1;2", "1;2;3;4;5;6;7;8;9", "\"quoted\"", "~!"})
    void comes_back_from_its_text_whatever_the_id(String id) {
        Position position = new Position(Long.MAX_VALUE, SLOT, new Lsn(-1), Lsn.NONE, Long.MAX_VALUE, new EventId(id));

        assertThat(Position.decode(position.encode())).contains(position);
    }

    @Test
    void names_no_event_when_nothing_live_came_before_a_late_message() {
        Position position = new Position(7, SLOT, Lsn.NONE, Lsn.NONE, 41, null);

        assertThat(position.encode()).endsWith(";41;");
        assertThat(Position.decode(position.encode())).contains(position);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "2;7;1;3;slot;1/A0;1/90;41;e-1",
                "1;7;1;3;slot;1/A0;1/90;e-1",
                "01;7;1;3;slot;1/A0;1/90;41;e-1",
                "1;x;1;3;slot;1/A0;1/90;41;e-1",
                "1;7;-1;3;slot;1/A0;1/90;41;e-1",
                "1;7;1;3.0;slot;1/A0;1/90;41;e-1",
                "1;7;1;3;slot;A0;1/90;41;e-1",
                "1;7;1;3;slot;1/A0;1/90;;e-1",
                "1;7;1;3;slot;1/A0;1/90;41;a b",
                "1;7;99999999999999999999999;3;slot;1/A0;1/90;41;e-1"
            })
    void is_no_fence_when_it_cannot_be_read(String text) {
        assertThat(Position.decode(text)).isEmpty();
    }
}

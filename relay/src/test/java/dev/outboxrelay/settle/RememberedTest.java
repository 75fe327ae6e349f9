package dev.outboxrelay.settle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.Lsn;
import org.junit.jupiter.api.Test;

/** When a slot is taken for the one that the relay had. */
final class RememberedTest {

    private static final long SYSTEM = 7;
    private static final Lsn HELD = Lsn.parse("1/100");

    @Test
    void a_slot_at_or_before_what_was_held_is_the_same() {
        assertThat(Remembered.due(done(SYSTEM, HELD), SYSTEM, HELD)).isEmpty();
        assertThat(Remembered.due(done(SYSTEM, HELD), SYSTEM, Lsn.parse("0/FFFFFFFF")))
                .isEmpty();
    }

    @Test
    void a_slot_beyond_it_is_another_or_was_moved() {
        assertThat(Remembered.due(done(SYSTEM, HELD), SYSTEM, Lsn.parse("1/101"))
                        .orElseThrow())
                .contains("1/101")
                .contains("1/100");
    }

    @Test
    void nothing_is_known_of_a_new_slot_or_of_another_cluster() {
        assertThat(Remembered.due(null, SYSTEM, HELD)).isPresent();
        assertThat(Remembered.due(done(SYSTEM + 1, HELD), SYSTEM, HELD)).isPresent();
    }

    @Test
    void a_slot_in_use_before_anything_was_written_down_is_believed() {
        assertThat(Remembered.due(new Remembered("done", null, null, null), SYSTEM, HELD))
                .isEmpty();
    }

    @Test
    void what_was_asked_for_or_not_finished_is_due() {
        assertThat(Remembered.due(new Remembered("due", "asked for", SYSTEM, HELD), SYSTEM, HELD))
                .hasValue("asked for");
        assertThat(Remembered.due(new Remembered("due", null, null, null), SYSTEM, HELD))
                .isPresent();
        assertThat(Remembered.due(new Remembered("taking", "why it was begun", SYSTEM, HELD), SYSTEM, HELD))
                .hasValue("why it was begun");
    }

    private static Remembered done(long system, Lsn held) {
        return new Remembered("done", null, system, held);
    }
}

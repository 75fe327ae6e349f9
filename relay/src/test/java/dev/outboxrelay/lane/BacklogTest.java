package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.lane.Backlog.Stage;
import org.junit.jupiter.api.Test;

/** When a lane may take it that nothing of its tenant waits in the table: live events go out from then on. */
final class BacklogTest {

    private final Backlog backlog = new Backlog();

    @Test
    void nothing_was_there_and_nothing_is_on_its_way() {
        backlog.asked(100);
        backlog.nothingFound();

        assertThat(backlog.stage()).isEqualTo(Stage.NONE);
    }

    @Test
    void what_is_on_its_way_is_awaited() {
        backlog.parking(3);
        backlog.asked(100);
        backlog.nothingFound();
        assertThat(backlog.stage()).isEqualTo(Stage.AWAITING);

        backlog.parked(3);
        assertThat(backlog.stage()).isEqualTo(Stage.WANTED);
    }

    /** The table is read on one connection and written on another: each tells the lane of it when it comes to that. */
    @Test
    void what_was_committed_behind_the_read_and_told_before_its_answer_is_asked_for_once_more() {
        backlog.parking(3);
        backlog.asked(100);
        backlog.parked(3);
        backlog.nothingFound();
        assertThat(backlog.stage()).isEqualTo(Stage.WANTED);

        backlog.asked(100);
        backlog.nothingFound();
        assertThat(backlog.stage()).isEqualTo(Stage.NONE);
    }

    @Test
    void so_is_what_an_operator_wants_published_meanwhile() {
        backlog.asked(100);
        backlog.changed();
        backlog.nothingFound();

        assertThat(backlog.stage()).isEqualTo(Stage.WANTED);
    }
}

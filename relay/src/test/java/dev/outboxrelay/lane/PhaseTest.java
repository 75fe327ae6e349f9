package dev.outboxrelay.lane;

import static dev.outboxrelay.lane.Phase.ATTACHING;
import static dev.outboxrelay.lane.Phase.BACKING_OFF;
import static dev.outboxrelay.lane.Phase.CONFLICT;
import static dev.outboxrelay.lane.Phase.DRAINING;
import static dev.outboxrelay.lane.Phase.HALTED;
import static dev.outboxrelay.lane.Phase.IDLE;
import static dev.outboxrelay.lane.Phase.OFFLINE;
import static dev.outboxrelay.lane.Phase.STREAMING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class PhaseTest {

    private static final Map<Phase, Set<Phase>> LEGAL = Map.of(
            IDLE, Set.of(ATTACHING, OFFLINE, HALTED),
            OFFLINE, Set.of(IDLE, ATTACHING, HALTED),
            ATTACHING, Set.of(STREAMING, BACKING_OFF, CONFLICT, OFFLINE, HALTED),
            STREAMING, Set.of(DRAINING, OFFLINE, HALTED),
            DRAINING, Set.of(ATTACHING, BACKING_OFF, OFFLINE, HALTED),
            BACKING_OFF, Set.of(ATTACHING, OFFLINE, HALTED),
            CONFLICT, Set.of(IDLE, OFFLINE, HALTED),
            HALTED, Set.of());

    @ParameterizedTest
    @EnumSource(Phase.class)
    void goes_only_where_it_may(Phase from) {
        Set<Phase> legal = LEGAL.getOrDefault(from, Set.of());
        for (Phase to : Phase.values()) {
            if (legal.contains(to)) {
                assertThat(from.to(to)).isEqualTo(to);
            } else {
                assertThatThrownBy(() -> from.to(to))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining(from + " to " + to);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void its_word_is_plain(Phase phase) {
        assertThat(phase.word()).matches("[a-z ]+");
    }
}

package dev.outboxrelay.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class SnapshotTest {

    @Test
    void it_sees_what_was_over_when_it_was_taken() {
        Snapshot snapshot = Snapshot.parse("100:110:100,104");

        assertThat(snapshot.sees(99)).isTrue();
        assertThat(snapshot.sees(100)).isFalse();
        assertThat(snapshot.sees(103)).isTrue();
        assertThat(snapshot.sees(104)).isFalse();
        assertThat(snapshot.sees(110)).isFalse();
    }

    @Test
    void nothing_may_be_running() {
        Snapshot snapshot = Snapshot.parse("4294967296:4294967296:");

        assertThat(snapshot.sees(4294967295L)).isTrue();
        assertThat(snapshot.sees(4294967296L)).isFalse();
    }

    @Test
    void what_is_no_snapshot_is_refused() {
        assertThatThrownBy(() -> Snapshot.parse("12")).isInstanceOf(IllegalArgumentException.class);
    }
}

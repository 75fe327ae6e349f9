package dev.outboxrelay.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Which loads there are. */
class LoadTest {

    @Test
    void a_quarter_is_again_whole_transactions_of_whole_tenants() {
        assertThat(new Load(200_000, 500, 50).quarter()).isEqualTo(new Load(50_000, 500, 50));
        assertThat(new Load(5_000, 500, 50).quarter()).isEqualTo(new Load(1_000, 500, 50));
        assertThat(new Load(12_000, 500, 3).quarter()).isEqualTo(new Load(3_000, 500, 3));
        assertThat(new Load(14_000, 500, 7).quarter()).isEqualTo(new Load(7_000, 500, 7));
    }

    @Test
    void rows_that_cannot_be_shared_out_are_refused() {
        assertThatThrownBy(() -> new Load(2_500, 500, 50)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Load(2_000, 500, 3)).isInstanceOf(IllegalArgumentException.class);
    }
}

package dev.outboxrelay.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class IdSetTest {

    @Test
    void it_knows_what_was_added_and_nothing_else_however_much_that_is() {
        IdSet ids = new IdSet();

        assertThat(ids.contains("")).isFalse();
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 20_000; i++) {
                ids.add("billing.outboxevent:" + i);
            }
            ids.add("");
        }

        assertThat(ids.size()).isEqualTo(20_001);
        assertThat(ids.contains("")).isTrue();
        assertThat(IntStream.range(0, 20_000)).allMatch(i -> ids.contains("billing.outboxevent:" + i));
        assertThat(IntStream.range(20_000, 60_000)).noneMatch(i -> ids.contains("billing.outboxevent:" + i));
    }
}

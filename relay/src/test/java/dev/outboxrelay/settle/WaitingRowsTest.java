package dev.outboxrelay.settle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.watermark.Ticket;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class WaitingRowsTest {

    private final WaitingRows rows = new WaitingRows();

    @Test
    void gives_back_what_it_was_given_in_order() {
        SplittableRandom random = new SplittableRandom(7);
        ArrayDeque<Settlement> expected = new ArrayDeque<>();
        for (int i = 0; i < 200_000; i++) {
            // fills and empties, many times
            if (random.nextInt(100) < (i / 5_000 % 2 == 0 ? 70 : 30)) {
                Settlement row = row(random, i);
                rows.add(row);
                expected.add(row);
            } else {
                assertThat(rows.poll()).isEqualTo(expected.poll());
            }
            assertThat(rows.size()).isEqualTo(expected.size());
        }
    }

    @Test
    void keeps_the_text_of_an_id_that_a_uuid_would_be_written_otherwise() {
        for (String id : new String[] {
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
            "not-a-uuid-but-as-long-as-one-would-be",
            "000000000000000000000000000000000042",
            "1-1-1-1-1",
            "0f8fad5b-d9cb-469f-a165-70867728950g"
        }) {
            Settlement row = new Settlement(new RowRef(TableName.OUTBOX_MESSAGE, id), new Ticket(1));
            rows.add(row);
            assertThat(rows.poll()).isEqualTo(row);
            assertThat(row.bytes()).as("what its text takes").isGreaterThan(100);
        }
        assertThat(rows.poll()).isNull();
    }

    private static Settlement row(SplittableRandom random, int number) {
        String id = random.nextInt(10) == 0
                ? Integer.toString(number)
                : new UUID(random.nextLong(), random.nextLong()).toString();
        TableName table = random.nextBoolean() ? TableName.OUTBOX_MESSAGE : new TableName("shop", "outbox");
        return new Settlement(new RowRef(table, id), new Ticket(number));
    }
}

package dev.outboxrelay.event;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An event id leads back to its row. */
final class RowRefTest {

    @ParameterizedTest
    @CsvSource({
        "outbox.message, 5b8f3c1e-0c6e-4c2a-9d0e-1f2a3b4c5d6e",
        "shop.outbox, 4711",
        "shop.outbox, a:b.c:d",
        "Shop.Out$box, x",
        "outbox.message2, 1",
    })
    void an_event_id_leads_back_to_its_row(String table, String id) {
        RowRef row = new RowRef(TableName.parse(table).orElseThrow(), id);

        assertThat(RowRef.of(EventId.of(row.table(), row.id()))).isEqualTo(row);
    }

    @ParameterizedTest
    @CsvSource({"no table:1", "a.b.c:1", "a:1", ":1"})
    void an_id_that_names_no_table_is_one_of_the_native_table(String id) {
        String text = id.replace(' ', '_');

        assertThat(RowRef.of(new EventId(text))).isEqualTo(new RowRef(TableName.OUTBOX_MESSAGE, text));
    }
}

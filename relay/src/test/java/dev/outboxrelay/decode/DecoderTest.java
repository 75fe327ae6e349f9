package dev.outboxrelay.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.config.Preset;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.SubjectTemplate;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.TableName;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DecoderTest {

    private static final TableName ORDERS = new TableName("public", "orders");
    private static final Origin ORIGIN = new Origin(new Lsn(0x10), new Lsn(0x8), 1_000);

    private final Decoder decoder = new Decoder(List.of(
            TableMapping.nativeLayout(TableName.OUTBOX_MESSAGE, SettleMode.MARK),
            new TableMapping(
                    ORDERS,
                    Preset.DEBEZIUM,
                    "customer",
                    Preset.DEBEZIUM.subject().orElseThrow(),
                    SettleMode.KEEP)));

    private Decoded decode(TableName table, Map<String, @Nullable Object> columns) {
        return decoder.decode(new Change.Inserted(table, ORIGIN, columns::get));
    }

    private static Map<String, @Nullable Object> nativeRow() {
        Map<String, @Nullable Object> row = new HashMap<>();
        row.put("id", "2b1e");
        row.put("tenant_id", "acme");
        row.put("subject", "events.x");
        row.put("payload", new byte[] {1, 2});
        row.put("headers", "{\"a\": \"b\"}");
        return row;
    }

    private static Map<String, @Nullable Object> debeziumRow() {
        Map<String, @Nullable Object> row = new HashMap<>();
        row.put("id", 7L);
        row.put("customer", "acme");
        row.put("aggregatetype", "order");
        row.put("aggregateid", "12");
        row.put("type", "created");
        row.put("payload", "{\"n\": \"é\"}");
        return row;
    }

    @Test
    void reads_a_native_row() {
        OutboxEvent event = ((Decoded.Event) decode(TableName.OUTBOX_MESSAGE, nativeRow())).event();

        assertThat(event.id().value()).isEqualTo("2b1e");
        assertThat(event.row().id()).isEqualTo("2b1e");
        assertThat(event.tenant()).isEqualTo("acme");
        assertThat(event.subject()).isEqualTo("events.x");
        assertThat(event.payload().bytes()).containsExactly(1, 2);
        assertThat(event.headersJson()).isEqualTo("{\"a\": \"b\"}");
        assertThat(event.origin()).isEqualTo(ORIGIN);
    }

    @Test
    void reads_a_row_in_debeziums_layout() {
        OutboxEvent event = ((Decoded.Event) decode(ORDERS, debeziumRow())).event();

        assertThat(event.id().value()).isEqualTo("public.orders:7");
        assertThat(event.row().id()).isEqualTo("7");
        assertThat(event.tenant()).isEqualTo("acme");
        assertThat(event.subject()).isEqualTo("order.created");
        assertThat(event.payload().bytes()).isEqualTo("{\"n\": \"é\"}".getBytes(StandardCharsets.UTF_8));
        assertThat(event.headersJson()).isNull();
    }

    @Test
    void null_headers_are_none_and_a_null_payload_is_empty() {
        Map<String, @Nullable Object> row = nativeRow();
        row.put("headers", null);
        row.put("payload", null);

        OutboxEvent event = ((Decoded.Event) decode(TableName.OUTBOX_MESSAGE, row)).event();

        assertThat(event.headersJson()).isNull();
        assertThat(event.payload().size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tenant_id", "subject"})
    void a_native_row_without_a_value_that_it_needs_is_malformed(String column) {
        Map<String, @Nullable Object> row = nativeRow();
        row.put(column, null);

        Decoded.Malformed malformed = (Decoded.Malformed) decode(TableName.OUTBOX_MESSAGE, row);

        assertThat(malformed.error()).contains("outbox.message", column).doesNotContain("events.x");
        assertThat(malformed.remains().id().value()).isEqualTo("2b1e");
        assertThat(malformed.remains().payload().size()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"customer", "aggregatetype", "type"})
    void a_row_in_debeziums_layout_without_a_value_that_it_needs_is_malformed(String column) {
        Map<String, @Nullable Object> row = debeziumRow();
        row.remove(column);

        assertThat(((Decoded.Malformed) decode(ORDERS, row)).error()).contains(column);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "é", "x\n"})
    void an_id_that_is_none_gets_a_name_of_its_place(String id) {
        Map<String, @Nullable Object> row = nativeRow();
        row.put("id", id);

        Decoded.Malformed malformed = (Decoded.Malformed) decode(TableName.OUTBOX_MESSAGE, row);

        assertThat(malformed.remains().id().value()).matches("unreadable@0/10/[0-9a-f]{16}");
    }

    @Test
    void a_mapped_row_without_an_id_gets_such_a_name_too() {
        Map<String, @Nullable Object> row = debeziumRow();
        row.put("id", null);

        Decoded.Malformed malformed = (Decoded.Malformed) decode(ORDERS, row);

        assertThat(malformed.remains().id().value()).matches("public.orders:unreadable@0/10/[0-9a-f]{16}");
    }

    @Test
    void rows_without_a_usable_id_at_one_place_are_told_apart_and_known_again() {
        Map<String, @Nullable Object> row = nativeRow();
        row.put("id", "no id");
        Map<String, @Nullable Object> other = nativeRow();
        other.put("id", "no id either");
        Map<String, @Nullable Object> third = nativeRow();
        third.put("id", "no id");
        third.put("payload", new byte[] {9});

        assertThat(List.of(madeUp(row), madeUp(other), madeUp(third))).doesNotHaveDuplicates();
        assertThat(madeUp(row)).isEqualTo(madeUp(row));
    }

    private String madeUp(Map<String, @Nullable Object> row) {
        return ((Decoded.Malformed) decode(TableName.OUTBOX_MESSAGE, row))
                .remains()
                .id()
                .value();
    }

    @Test
    void everything_that_is_wrong_is_told_at_once() {
        Decoded.Malformed malformed = (Decoded.Malformed) decode(TableName.OUTBOX_MESSAGE, Map.of());

        assertThat(malformed.error()).contains("id", "tenant_id", "subject");
    }

    @Test
    void a_value_of_a_strange_type_is_malformed() {
        Map<String, @Nullable Object> row = nativeRow();
        row.put("tenant_id", List.of("acme"));
        row.put("payload", 3.5);

        assertThat(((Decoded.Malformed) decode(TableName.OUTBOX_MESSAGE, row)).error())
                .contains("tenant_id", "payload");
    }

    @Test
    void numbers_and_booleans_are_read_as_text() {
        Map<String, @Nullable Object> row = debeziumRow();
        row.put("customer", 42);
        row.put("type", true);

        OutboxEvent event = ((Decoded.Event) decode(ORDERS, row)).event();

        assertThat(event.tenant()).isEqualTo("42");
        assertThat(event.subject()).isEqualTo("order.true");
    }

    @Test
    void no_column_is_asked_for_but_those_that_the_mapping_names() {
        List<TableMapping> mappings = List.of(
                TableMapping.nativeLayout(TableName.OUTBOX_MESSAGE, SettleMode.MARK),
                new TableMapping(
                        ORDERS,
                        Preset.DEBEZIUM,
                        "customer",
                        SubjectTemplate.of("a.{region}.{type}.{region}"),
                        SettleMode.KEEP),
                TableMapping.nativeLayout(new TableName("public", "third"), SettleMode.KEEP));
        for (TableMapping mapping : mappings) {
            Set<String> asked = new TreeSet<>();

            new Decoder(mappings).decode(new Change.Inserted(mapping.name(), ORIGIN, column -> {
                asked.add(column);
                return column;
            }));

            assertThat(asked).containsExactlyInAnyOrderElementsOf(mapping.columns());
        }
    }

    @Test
    void a_table_that_is_not_mapped_is_a_bug_of_the_publication() {
        assertThatThrownBy(() -> decode(new TableName("public", "other"), nativeRow()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("public.other");
    }
}

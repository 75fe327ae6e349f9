package dev.outboxrelay.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.ColumnPath;
import dev.outboxrelay.config.Layout;
import dev.outboxrelay.config.NullPayload;
import dev.outboxrelay.config.Preset;
import dev.outboxrelay.config.RowFilter;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.SubjectRewrite;
import dev.outboxrelay.config.SubjectTemplate;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.config.TenantSource;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.TableName;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MappedRowsTest {

    private static final TableName TABLE = new TableName("shop", "Outbox");
    private static final TenantSource TENANT = new TenantSource.Column("tenant");
    private static final TenantSource FROM_JSON = new TenantSource.JsonPath("doc", List.of("meta", "tenant"));

    private TenantSource tenant = TENANT;
    private SubjectTemplate subject = SubjectTemplate.of("{type}");
    private @Nullable SubjectRewrite rewrite;
    private ColumnPath payload = ColumnPath.of("doc");
    private NullPayload nullPayload = NullPayload.EMPTY;
    private @Nullable ColumnPath headers;
    private List<Layout.HeaderColumn> headerColumns = List.of();
    private RowFilter filter = RowFilter.ALL;

    private final Map<String, @Nullable Object> row = new HashMap<>(Map.of(
            "Id",
            7L,
            "tenant",
            "acme",
            "type",
            "created",
            "doc",
            "{\"meta\": {\"tenant\": \"umbrella\"}, \"n\": [1, 2]}"));

    private Decoder decoder() {
        Layout layout = new Layout(
                "Id", "Id", tenant, subject, rewrite, payload, nullPayload, headers, headerColumns, filter, null);
        return new Decoder(List.of(new TableMapping(TABLE, Preset.CUSTOM, layout, SettleMode.KEEP, null)));
    }

    private Change.Inserted inserted() {
        return new Change.Inserted(TABLE, new Origin(new Lsn(16), new Lsn(8), 1_000), column -> {
            if (!row.containsKey(column)) {
                throw new AssertionError("column " + column + " is not among those that are read");
            }
            return row.get(column);
        });
    }

    /** As of a row that was written before the column had this name. */
    private Change.Inserted insertedWithout(String missing) {
        Columns columns = inserted().columns();
        return new Change.Inserted(TABLE, inserted().origin(), new Columns() {
            @Override
            public @Nullable Object get(String column) {
                return has(column) ? columns.get(column) : null;
            }

            @Override
            public boolean has(String column) {
                return !column.equals(missing);
            }
        });
    }

    private String errorWithout(String missing) {
        Change.Inserted row = insertedWithout(missing);
        assertThat(decoder().isEvent(row)).isTrue();
        Decoded.Malformed malformed = (Decoded.Malformed) decoder().decode(row);
        // the row stays as it is, and nothing is sent in its name
        assertThat(malformed.remains().row().id()).startsWith(EventId.MADE_UP);
        return malformed.error();
    }

    @Test
    void a_row_from_before_a_rename_is_neither_an_empty_message_nor_passed_over() {
        String absent = " was not in the table, or not in the publication, when it was written";

        assertThat(errorWithout("doc")).contains("column doc" + absent);
        assertThat(errorWithout("tenant")).contains("column tenant" + absent);
        payload = new ColumnPath("doc", List.of("n"));
        assertThat(errorWithout("doc")).contains("column doc" + absent);

        row.put("kind", "event");
        filter = new RowFilter(Map.of("kind", List.of("event")));
        assertThat(decoder().isEvent(inserted())).isTrue();
        assertThat(errorWithout("kind")).contains("column kind" + absent);
    }

    private OutboxEvent event() {
        Decoded decoded = decoder().decode(inserted());
        assertThat(decoded).isInstanceOf(Decoded.Event.class);
        return ((Decoded.Event) decoded).event();
    }

    private String error() {
        return ((Decoded.Malformed) decoder().decode(inserted())).error();
    }

    private static String text(OutboxEvent event) {
        return new String(event.payload().bytes(), StandardCharsets.UTF_8);
    }

    @Test
    void the_id_keeps_the_name_of_its_table() {
        assertThat(event().id().value()).isEqualTo("shop.Outbox:7");
        assertThat(event().row().id()).isEqualTo("7");
    }

    @Test
    void a_tenant_is_a_constant_or_comes_from_a_document_or_from_a_lookup() {
        tenant = new TenantSource.Constant("only");
        assertThat(event().tenant()).isEqualTo("only");

        tenant = FROM_JSON;
        assertThat(event().tenant()).isEqualTo("umbrella");

        tenant = new TenantSource.Lookup(TENANT, Map.of("acme", "a-1"));
        assertThat(event().tenant()).isEqualTo("a-1");

        tenant = new TenantSource.Lookup(FROM_JSON, Map.of("umbrella", "u-1"));
        assertThat(event().tenant()).isEqualTo("u-1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"meta\":{\"tenant\":17}} -> 17",
                "{\"meta\":{\"tenant\":true}} -> true",
                "{\"meta\":{\"tenant\":\"first\",\"tenant\":\"last\"}} -> last",
                "{\"meta\":{\"tenant\":\"first\"},\"meta\":{\"tenant\":\"last\"}} -> last",
                "{\"a\":[{\"meta\":{\"tenant\":\"no\"}}],\"meta\":{\"x\":{\"tenant\":\"no\"},\"tenant\":\"\\u00e4\"}} -> ä",
            })
    void a_path_reads_as_postgres_would(String line) {
        String[] parts = line.split(" -> ", 2);
        row.put("doc", parts[0]);
        tenant = FROM_JSON;

        assertThat(event().tenant()).isEqualTo(parts[1]);
        row.put("doc", parts[0].getBytes(StandardCharsets.UTF_8));
        assertThat(event().tenant()).isEqualTo(parts[1]);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"meta\":{}} -> has nothing at meta.tenant",
                "{\"meta\":{\"tenant\":null}} -> has null at meta.tenant",
                "{\"meta\":{\"tenant\":{}}} -> has an object or an array at meta.tenant",
                "{\"meta\":\"tenant\"} -> has nothing",
                "{\"meta\":{\"tenant\":\"secret\\u0000\"}} -> has a tenant id with a zero byte",
                "[1] -> has nothing",
                "{\"meta\":{\"tenant\":\"secret\"} -> is not valid JSON",
                "{\"meta\":{\"tenant\":\"secret\"}} x -> is not valid JSON",
                " -> is not valid JSON",
            })
    void a_document_without_a_tenant_is_malformed_and_the_error_says_nothing_of_it(String line) {
        String[] parts = line.split(" -> ", 2);
        row.put("doc", parts[0]);
        tenant = FROM_JSON;

        assertThat(error())
                .contains("row of shop.Outbox: column doc " + parts[1])
                .doesNotContain("secret");
    }

    @Test
    void no_document_and_a_value_that_nobody_has_listed_are_malformed() {
        row.put("doc", null);
        tenant = FROM_JSON;
        assertThat(error()).contains("column doc is null");

        tenant = new TenantSource.Lookup(TENANT, Map.of("other", "o"));
        assertThat(error()).contains("tenant-lookup", "tenant").doesNotContain("acme");
    }

    @Test
    void a_subject_that_matches_as_a_whole_is_rewritten_and_any_other_is_left() {
        rewrite = new SubjectRewrite(Pattern.compile("(?<what>[a-z]+)-(v\\d)?"), "events.$2.${what}");
        row.put("type", "created-v2");
        assertThat(event().subject()).isEqualTo("events.v2.created");

        row.put("type", "created-");
        assertThat(event().subject()).isEqualTo("events..created");

        row.put("type", "Created-v2");
        assertThat(event().subject()).isEqualTo("Created-v2");
    }

    @Test
    void a_pattern_that_explodes_costs_one_row_and_not_the_relay() {
        rewrite = new SubjectRewrite(Pattern.compile(".*.*.*.*.*b"), "x");
        row.put("type", "a".repeat(500));
        assertThat(error()).contains("takes too long");

        row.put("type", "a".repeat(1_001));
        assertThat(error()).contains("too long for subject-pattern");
    }

    @Test
    void a_part_of_a_document_is_sent_as_it_stands_there() {
        payload = new ColumnPath("doc", List.of("n"));
        assertThat(text(event())).isEqualTo("[1, 2]");

        for (String value : List.of("\"a \\\"b\\\" \\u00e4\"", "-1.50e3", "true", "{ \"x\" : null }", "\"\"")) {
            row.put("doc", "{\"z\": 1, \"n\": " + value + " , \"y\": \"ü\"}");
            assertThat(text(event())).isEqualTo(value);
        }
    }

    @Test
    void a_part_of_a_large_document_is_found_too() {
        payload = new ColumnPath("doc", List.of("n"));
        String large = "\"" + "ü".repeat(100_000) + "\"";
        row.put("doc", "{\"a\":" + large + ",\"n\":[" + large + "]}");

        assertThat(text(event())).isEqualTo("[" + large + "]");
    }

    @Test
    void no_payload_is_an_empty_message_or_a_dead_letter() {
        for (ColumnPath source : List.of(ColumnPath.of("doc"), new ColumnPath("doc", List.of("none")))) {
            payload = source;
            row.put("doc", source.path().isEmpty() ? null : "{\"none\": null}");
            nullPayload = NullPayload.EMPTY;
            headerColumns = List.of(new Layout.HeaderColumn("X", "type"));
            assertThat(event().payload().size()).isZero();

            nullPayload = NullPayload.REFUSE;
            assertThat(error()).contains("column doc has no payload");
        }
        payload = new ColumnPath("doc", List.of("none"));
        row.put("doc", "{");
        assertThat(error()).contains("column doc is not valid JSON");
    }

    @Test
    void columns_become_headers_beside_those_of_the_document() {
        row.put(
                "meta",
                "{\"a\": \"b\", \"n\": 1.50, \"t\": true, \"z\": null, \"X-KEY\": \"lost\", \"q\\\"\": \"\\n\"}");
        row.put("version", 3);
        row.put("created", "2026-01-02T03:04:05Z");
        row.put("none", null);
        headers = ColumnPath.of("meta");
        headerColumns = List.of(
                new Layout.HeaderColumn("X-Key", "type"),
                new Layout.HeaderColumn("X-Version", "version"),
                new Layout.HeaderColumn("X-Created", "created"),
                new Layout.HeaderColumn("X-None", "none"));

        assertThat(event().headersJson())
                .isEqualTo("{\"X-Key\":\"created\",\"X-Version\":\"3\",\"X-Created\":\"2026-01-02T03:04:05Z\","
                        + "\"a\":\"b\",\"n\":\"1.50\",\"t\":\"true\",\"q\\\"\":\"\\n\"}");
    }

    @Test
    void headers_that_are_no_headers_are_left_for_their_rule_to_judge() {
        headers = ColumnPath.of("meta");
        for (String broken : List.of("[1]", "{\"a\":", "x", "\"\"")) {
            row.put("meta", broken);
            assertThat(event().headersJson()).isEqualTo(broken);
        }
        row.put("meta", "{\"a\": {\"b\": 1}}");
        assertThat(event().headersJson()).isEqualTo("{\"a\":[]}");
        for (String none : new String[] {null, "null", "{}", "{\"a\": null}"}) {
            row.put("meta", none);
            assertThat(event().headersJson()).isNull();
        }
    }

    @Test
    void headers_may_lie_inside_of_a_document() {
        headers = new ColumnPath("doc", List.of("meta"));

        assertThat(event().headersJson()).isEqualTo("{\"tenant\":\"umbrella\"}");
    }

    @Test
    void only_rows_with_one_of_the_values_in_each_column_are_events() {
        filter = new RowFilter(Map.of("type", List.of("created", "paid"), "version", List.of("1", "true")));
        row.put("version", 1);
        assertThat(decoder().isEvent(inserted())).isTrue();
        row.put("version", true);
        assertThat(decoder().isEvent(inserted())).isTrue();
        row.put("version", 2L);
        assertThat(decoder().isEvent(inserted())).isFalse();
        row.put("version", null);
        assertThat(decoder().isEvent(inserted())).isFalse();
        filter = RowFilter.ALL;
        assertThat(decoder().isEvent(inserted())).isTrue();
    }

    @Test
    void everything_that_is_wrong_is_told_at_once() {
        row.put("Id", null);
        row.put("tenant", "x");
        row.put("type", null);
        row.put("doc", null);
        nullPayload = NullPayload.REFUSE;
        tenant = new TenantSource.Lookup(TENANT, Map.of());

        assertThat(error()).contains("column Id", "tenant-lookup", "column type", "no payload", "its id");
    }
}

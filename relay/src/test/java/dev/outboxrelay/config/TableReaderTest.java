package dev.outboxrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.TableName;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TableReaderTest {

    private static Reading reading(Map<String, String> keys) {
        Map<String, RawValue> raw = new TreeMap<>();
        raw.put("outbox.postgres.url", new RawValue("jdbc:postgresql://db/shop", "test"));
        raw.put("outbox.nats.url", new RawValue("nats://n1:4222", "test"));
        raw.put("outbox.source.tables[0].table", new RawValue("shop.Outbox", "test"));
        keys.forEach((key, value) -> raw.put("outbox.source.tables[0]." + key, new RawValue(value, "test")));
        return SettingsReader.read(raw);
    }

    private static TableMapping table(Map<String, String> keys) {
        Reading reading = reading(keys);
        assertThat(reading).isInstanceOf(Reading.Complete.class);
        return ((Reading.Complete) reading).settings().source().tables().get(0);
    }

    private static List<String> problems(Map<String, String> keys) {
        return ((Reading.Rejected) reading(keys))
                .problems().stream().map(Problem::toString).toList();
    }

    @Test
    void everything_can_be_said_beside_a_preset() {
        TableMapping table = table(Map.ofEntries(
                Map.entry("preset", "custom"),
                Map.entry("id-column", "Id"),
                Map.entry("order-column", "Position"),
                Map.entry("tenant-column", "Meta"),
                Map.entry("tenant-path", "customer.id"),
                Map.entry("tenant-lookup.17", "acme"),
                Map.entry("tenant-lookup.eu.west", "umbrella"),
                Map.entry("subject", "{Kind}"),
                Map.entry("subject-pattern", "(?<area>.*)Event"),
                Map.entry("subject-replacement", "events.${area}"),
                Map.entry("payload-column", "Body"),
                Map.entry("payload-path", "data"),
                Map.entry("null-payload", "refuse"),
                Map.entry("headers-column", "Meta"),
                Map.entry("headers-path", "headers"),
                Map.entry("header-columns.X-Created", "CreatedAt"),
                Map.entry("filter.Kind", "OrderEvent, PaymentEvent"),
                Map.entry("publication-filter", "\"Kind\" <> 'Internal'"),
                Map.entry("status-column", "State"),
                Map.entry("status-pending", "new, 'odd'"),
                Map.entry("status-published", "done"),
                Map.entry("status-failed", "dead"),
                Map.entry("published-at-column", "DoneAt")));

        assertThat(table)
                .isEqualTo(new TableMapping(
                        new TableName("shop", "Outbox"),
                        Preset.CUSTOM,
                        new Layout(
                                "Id",
                                "Position",
                                new TenantSource.Lookup(
                                        new TenantSource.JsonPath("Meta", List.of("customer", "id")),
                                        Map.of("17", "acme", "eu.west", "umbrella")),
                                SubjectTemplate.of("{Kind}"),
                                new SubjectRewrite(Pattern.compile("(?<area>.*)Event"), "events.${area}"),
                                new ColumnPath("Body", List.of("data")),
                                NullPayload.REFUSE,
                                new ColumnPath("Meta", List.of("headers")),
                                List.of(new Layout.HeaderColumn("X-Created", "CreatedAt")),
                                new RowFilter(Map.of("Kind", List.of("OrderEvent", "PaymentEvent"))),
                                new Marking("State", List.of("new", "'odd'"), "done", "dead", "DoneAt", null)),
                        SettleMode.MARK,
                        "\"Kind\" <> 'Internal'"));
        assertThat(table.columns()).containsExactly("Id", "Meta", "Kind", "Body", "CreatedAt");
        assertThat(table.isPlain()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Preset.class)
    void a_preset_with_a_tenant_and_a_subject_is_a_whole_mapping(Preset preset) {
        TableMapping table =
                table(Map.of("preset", preset.toString(), "tenant", "acme", "subject", "events.all", "settle", "keep"));

        assertThat(table.preset()).isEqualTo(preset);
        assertThat(table.layout().tenant()).isEqualTo(new TenantSource.Constant("acme"));
        assertThat(table.columns()).isNotEmpty().doesNotContain("");
    }

    @Test
    void presets_know_their_tables() {
        assertThat(table(Map.of("preset", "cap", "tenant", "a")).columns()).containsExactly("Id", "Name", "Content");
        assertThat(table(Map.of("preset", "spring-modulith", "tenant", "a")).columns())
                .containsExactly("id", "event_type", "serialized_event");
        assertThat(table(Map.of("preset", "eventuate-tram", "tenant", "a")).columns())
                .containsExactly("id", "destination", "payload", "headers");
        TableMapping node = table(Map.of("preset", "pg-transactional-outbox", "tenant", "a"));
        assertThat(node.columns()).containsExactly("id", "aggregate_type", "message_type", "payload");
        assertThat(node.order()).isEqualTo("created_at");
        assertThat(table(Map.of("preset", "native")).order()).isEqualTo("seq");
        assertThat(table(Map.of()).order()).isEqualTo("id");
        assertThat(table(Map.of("id-column", "no")).order()).isEqualTo("no");
    }

    @Test
    void rows_are_marked_where_that_was_asked_for() {
        assertThat(table(Map.of("preset", "cap", "tenant", "a")).settle()).isEqualTo(SettleMode.KEEP);
        assertThat(table(Map.of("preset", "cap", "tenant", "a", "settle", "mark"))
                        .marks())
                .isEqualTo(Preset.CAP.marking());
        assertThat(table(Map.of("published-at-column", "sent")).marks())
                .isEqualTo(new Marking(null, List.of(), null, null, "sent", null));
        assertThat(table(Map.of("published-at-column", "sent", "settle", "keep"))
                        .marks())
                .isNull();
        assertThat(table(Map.of("preset", "native")).settle()).isEqualTo(SettleMode.MARK);
    }

    @Test
    void everything_that_is_wrong_with_a_mapping_is_said_at_once_with_key_value_reason_and_next_step() {
        assertThat(problems(Map.ofEntries(
                        Map.entry("preset", "custom"),
                        Map.entry("subject-pattern", "(.*"),
                        Map.entry("tenant-path", "a..b"),
                        Map.entry("headers-path", "h"),
                        Map.entry("header-columns.Nats-Rollup", "x"),
                        Map.entry("header-columns.x-a", "y"),
                        Map.entry("header-columns.X-A", "a b"),
                        Map.entry("filter.a b", "1"),
                        Map.entry("status-published", "done"),
                        Map.entry("failed-at-column", "f"),
                        Map.entry("null-payload", "drop"))))
                .satisfiesExactlyInAnyOrder(
                        text -> assertThat(text)
                                .startsWith("outbox.source.tables[0].subject-pattern (test): '(.*' is not a regular"),
                        text -> assertThat(text)
                                .contains("subject-pattern", "does nothing without subject-replacement"),
                        text -> assertThat(text).contains("tenant-path", "'a..b' is not names of JSON fields"),
                        text -> assertThat(text).contains("tenant-path", "needs the column", "Set tenant-column too."),
                        text -> assertThat(text).contains("tenant-column (default)", "required", "preset custom"),
                        text -> assertThat(text).contains("[0].subject (default)", "required", "preset custom"),
                        text -> assertThat(text).contains("headers-path", "Set headers-column too."),
                        text -> assertThat(text).contains("header-columns.Nats-Rollup", "reserved"),
                        text -> assertThat(text).contains("header-columns.x-a", "differs", "case only"),
                        text -> assertThat(text).contains("header-columns.X-A", "'a b' is not 1 to 63 letters"),
                        text -> assertThat(text).contains("filter.a b", "'a b' is not 1 to 63 letters"),
                        text -> assertThat(text).contains("status-published", "Set status-column too."),
                        text -> assertThat(text).contains("failed-at-column", "published-at-column"),
                        text -> assertThat(text).contains("null-payload", "'drop' is not empty | refuse"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tenant=a;tenant-column=b | tenant-column | is given too",
                "tenant=a;tenant-lookup.x=b | tenant-lookup.x | nothing to look up",
                "tenant=a b | tenant | is not a tenant id",
                "tenant-lookup.x=ü | tenant-lookup.x | is not a tenant id",
                "status-column=s | status-published | is required",
                "status-column=s;status-published=p;status-pending=a,p | status-pending | Take it out",
                "settle=mark | settle | Set status-column",
                "subject-pattern=a;subject-replacement=$1 | subject-replacement | a group that the pattern does not have",
                "subject-pattern=a;subject-replacement=${x} | subject-replacement | a group",
                "preset=cpa;tenant=a | preset | is not native | debezium | custom | cap",
                "filter.type=a,,b | filter.type | values separated by commas",
                "filter.type= | filter.type | it is blank",
                "header-columns.X= | header-columns.X | it is blank",
            })
    void a_single_mistake_is_a_single_problem(String line) {
        String[] parts = line.split(" \\| ", 3);
        Map<String, String> keys = new TreeMap<>();
        for (String entry : parts[0].split(";", -1)) {
            keys.put(entry.substring(0, entry.indexOf('=')), entry.substring(entry.indexOf('=') + 1));
        }

        assertThat(problems(keys))
                .singleElement()
                .satisfies(problem -> assertThat(problem)
                        .startsWith("outbox.source.tables[0]." + parts[1] + " (")
                        .contains(parts[2]));
    }
}

package dev.outboxrelay.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.RowFilter;
import dev.outboxrelay.config.TenantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MappingSqlTest {

    @Test
    void a_filter() {
        assertThat(MappingSql.isEvent(RowFilter.ALL, "m.")).isEqualTo("true");
        assertThat(MappingSql.isEvent(new RowFilter(Map.of("Kind", List.of("a", "b'"), "v", List.of("1"))), "m."))
                .isEqualTo("m.\"Kind\"::text IN ('a', 'b''') AND m.v::text IN ('1')");
    }

    @Test
    void tenants() {
        TenantSource column = new TenantSource.Column("Org");
        TenantSource json = new TenantSource.JsonPath("doc", List.of("a", "b'c"));

        assertThat(MappingSql.tenant(column)).isEqualTo("\"Org\"");
        assertThat(MappingSql.tenant(new TenantSource.Constant("o'x"))).isEqualTo("'o''x'::text");
        assertThat(MappingSql.tenant(json)).isEqualTo("(doc::text::jsonb #>> ARRAY['a', 'b''c'])");
        assertThat(MappingSql.tenant(new TenantSource.Lookup(column, Map.of("2", "two", "1", "one"))))
                .isEqualTo("(CASE \"Org\"::text WHEN '1' THEN 'one' WHEN '2' THEN 'two' END)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kind <> 'internal' | ((kind)::text <> 'internal'::text)",
                "kind != 'x' AND \"No\" > 5 | (((kind)::text <> 'x'::text) AND (\"No\" > 5))",
                "kind IN ('a', 'b') | ((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
                "tenant_id LIKE 'a%' | (tenant_id ~~ 'a%'::text)",
            })
    void a_filter_is_known_again_in_the_servers_spelling(String line) {
        String[] parts = line.split(" \\| ", 2);

        assertThat(Statements.isSameFilter(parts[0], parts[1])).isTrue();
        assertThat(Statements.isSameFilter(parts[0] + "1", parts[1])).isFalse();
    }
}

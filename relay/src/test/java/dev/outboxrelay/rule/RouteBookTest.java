package dev.outboxrelay.rule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.TenantPattern;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RouteBookTest {

    private static final RouteRule FROM_FILE =
            new RouteRule("file", TenantPattern.EVERY, SubjectPattern.EVERY, new RouteAction.DeadLetter());

    private final RouteBook book = new RouteBook(List.of(FROM_FILE));

    @Test
    void rows_go_by_priority_and_before_the_file() {
        book.load(Map.of("late", row(20, "drop", ""), "early", row(10, "drop", "")));
        book.change("between", row(15, "drop", ""));

        assertThat(names()).containsExactly("early", "between", "late", "file");
    }

    @Test
    void a_row_that_is_switched_off_or_deleted_is_no_rule() {
        book.load(Map.of("a", row(1, "drop", ""), "b", row(2, "drop", "")));

        book.remove("a");
        book.change("b", row(2, "drop", ",\"enabled\":false"));

        assertThat(names()).containsExactly("file");
    }

    @Test
    void a_row_that_cannot_be_used_leaves_the_last_good_one() {
        book.change("move", row(1, "rewrite", ",\"subject_template\":\"a.{rest}\""));
        RouteRules before = book.rules();

        assertThat(book.change("move", row(1, "rewrite", ",\"subject_template\":\"tenant.other.{rest}\"")))
                .hasValueSatisfying(why -> assertThat(why).contains("subject template", "never leads out"));
        assertThat(book.rules().list()).isEqualTo(before.list());
        assertThat(book.load(Map.of("move", row(1, "rewrite", ",\"subject_template\":\"{9}\""))))
                .containsKey("move");
        assertThat(book.rules().list()).isEqualTo(before.list());
    }

    @Test
    void a_load_forgets_what_is_not_in_the_table_any_more() {
        book.change("gone", row(1, "drop", ""));

        assertThat(book.load(Map.of())).isEmpty();

        assertThat(names()).containsExactly("file");
    }

    @Test
    void reads_every_column() {
        book.change(
                "all",
                "{\"name\":\"all\",\"priority\":-3,\"enabled\":true,\"tenant_pattern\":\"acme*\",\"subject_pattern\":"
                        + "\"a.>\",\"action\":\"rewrite\",\"subject_template\":\"b.{rest}\","
                        + "\"headers\":{\"X-Kind\":\"audit \\\"q\\\"\"},\"later\":[1,{\"x\":2}]}");

        RouteRule rule = book.rules().list().get(0);

        assertThat(rule.tenants()).isEqualTo(TenantPattern.of("acme*"));
        assertThat(rule.subjects()).isEqualTo(SubjectPattern.of("a.>"));
        assertThat(rule.action())
                .isEqualTo(new RouteAction.Rewrite(
                        RouteTemplate.parse("b.{rest}", rule.subjects()).orElseThrow(),
                        List.of(new Header("X-Kind", "audit \"q\""))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "copy|''|is not rewrite, drop or dead_letter",
                "rewrite|''|needs a subject template",
                "drop|,\"subject_template\":\"a\"|is not rewrite, so it has no",
                "dead_letter|,\"headers\":{\"a\":\"b\"}|is not rewrite, so it has no",
                "drop|,\"subject_pattern\":\"a*\"|its subjects is no subject pattern",
                "drop|,\"tenant_pattern\":\"\"|its tenants is no tenant id",
                "rewrite|,\"headers\":{\"Nats-Rollup\":\"all\"}|reserved",
                "rewrite|,\"headers\":{\"outbox-x\":\"1\"}|reserved",
                "rewrite|,\"headers\":{\"a b\":\"1\"}|no HTTP token",
                "rewrite|,\"headers\":{\"a\":\"größe\"}|outside ASCII",
                "rewrite|,\"headers\":{\"a\":1}|is not a string",
                "rewrite|,\"headers\":{\"a\":\"1\",\"A\":\"2\"}|there twice",
            })
    void says_what_is_wrong(String action, String more, String why) {
        assertThat(book.change("bad", row(1, action, more)))
                .hasValueSatisfying(problem -> assertThat(problem).contains(why));
        assertThat(names()).containsExactly("file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"''", "[]", "{}", "{\"priority\":\"high\"}", "nonsense", "{\"priority\":1"})
    void a_row_that_is_no_row_is_a_problem_and_no_exception(String json) {
        assertThat(book.change("bad", json)).isPresent();
    }

    @Test
    void rules_of_one_tenant() {
        book.load(Map.of(
                "a", row(1, "drop", ",\"tenant_pattern\":\"acme\",\"subject_pattern\":\"x\""),
                "b", row(2, "drop", ",\"tenant_pattern\":\"b*\"")));

        RouteRules acme = book.rules().forTenant("acme");

        assertThat(acme.list()).extracting(RouteRule::name).containsExactly("a", "file");
        assertThat(acme.first("tenant.acme.x", 12)).extracting(RouteRule::name).isEqualTo("a");
        assertThat(acme.first("tenant.acme.y", 12)).isEqualTo(FROM_FILE);
        assertThat(new RouteBook(List.of()).rules().forTenant("acme")).isSameAs(RouteRules.NONE);
    }

    private List<String> names() {
        return book.rules().list().stream().map(RouteRule::name).toList();
    }

    private static String row(int priority, String action, String more) {
        return "{\"priority\":" + priority + ",\"action\":\"" + action + "\"" + more + "}";
    }
}

package dev.outboxrelay.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RouteTemplateTest {

    @ParameterizedTest
    @CsvSource({
        "audit.>, audit.login.ok, archive.{rest}, archive.login.ok",
        "audit.>, audit.login.ok, archive.{2}, archive.login",
        "*.*, a.b, {2}.{1}, b.a",
        "*.*.>, a.b.c.d, {rest}.{1}, c.d.a",
        "*.*.>, a.b.c.d, {3}, c",
        ">, a.b, x.{rest}, x.a.b",
        ">, a.b, {1}, a",
        ">, a.b, fixed.subject, fixed.subject",
        "*.*, a.b, order-{1}-{2}.x, order-a-b.x",
        "*.*, a.b, {1}{2}, ab",
        ">, a.b, tenants.{1}, tenants.a",
        ">, a.b, tenant, tenant",
    })
    void makes_a_subject_of_the_old_ones_tokens(String pattern, String subject, String template, String made) {
        RouteTemplate parsed =
                RouteTemplate.parse(template, SubjectPattern.of(pattern)).orElseThrow();

        assertThat(parsed.render(subject, 0)).isEqualTo(made);
        assertThat(parsed.render("tenant.acme." + subject, 12)).isEqualTo(made);
    }

    @ParameterizedTest
    @CsvSource({
        "*.*, '', is empty",
        "*.*, {3}, sure of 2 tokens",
        "*, {2}, sure of 1 token",
        "*.*, {rest}, does not end with >",
        "*.*, {0}, neither",
        "*.*, {-1}, neither",
        "*.*, {17}, neither",
        "*.*, {header.x}, neither",
        "*.*, {}, neither",
        "*.*, {1, stands alone",
        "*.*, a}, stands alone",
        "*.*, {{1}}, stands alone",
        "*.*, a..b, empty token",
        "*.*, .a, empty token",
        "*.*, a., empty token",
        "*.*, a.*, wildcard",
        "*.*, a.>, wildcard",
        "*.*, a b, no printable ASCII",
        "*.*, größe, no printable ASCII",
        "*.*, tenant.other.x, never leads out",
        "*.*, TENANT.acme.x, never leads out",
        "*.*, tenant.{1}, never leads out",
    })
    void is_checked_when_it_is_written(String pattern, String template, String why) {
        assertThat(RouteTemplate.problem(template, SubjectPattern.of(pattern)))
                .hasValueSatisfying(problem -> assertThat(problem).contains(why));
        assertThat(RouteTemplate.parse(template, SubjectPattern.of(pattern))).isEmpty();
    }

    @Test
    void has_a_longest_length() {
        assertThat(RouteTemplate.problem("x".repeat(RouteTemplate.MAX_LENGTH + 1), SubjectPattern.EVERY))
                .isPresent();
    }
}

package dev.outboxrelay.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TenantPatternTest {

    @ParameterizedTest
    @CsvSource({
        "*, acme, true",
        "**, acme, true",
        "acme, acme, true",
        "acme, acme2, false",
        "acme, Acme, false",
        "acme*, acme, true",
        "acme*, acme-eu, true",
        "acme*, beta, false",
        "*-eu, acme-eu, true",
        "*-eu, -eu, true",
        "*-eu, acme-eu-1, false",
        "a*b*c, abc, true",
        "a*b*c, a-b-b-c, true",
        "a*b*c, acb, false",
        "a*a, a, false",
        "a.c, abc, false",
    })
    void an_id_or_any_run_of_characters_at_each_star(String pattern, String tenant, boolean matches) {
        assertThat(TenantPattern.of(pattern).matches(tenant)).isEqualTo(matches);
    }

    @Test
    void nothing_and_too_much_are_no_patterns() {
        assertThat(TenantPattern.parse("")).isEmpty();
        assertThat(TenantPattern.parse("x".repeat(TenantPattern.MAX_LENGTH + 1)))
                .isEmpty();
        assertThat(TenantPattern.parse("x".repeat(TenantPattern.MAX_LENGTH))).isPresent();
    }

    @Test
    void tells_one_tenant_from_many_and_from_all() {
        assertThat(TenantPattern.of("acme").isExact()).isTrue();
        assertThat(TenantPattern.of("acme*").isExact()).isFalse();
        assertThat(TenantPattern.of("acme*").isEvery()).isFalse();
        assertThat(TenantPattern.EVERY.isEvery()).isTrue();
        assertThat(TenantPattern.EVERY).isEqualTo(TenantPattern.of("*")).isNotEqualTo(TenantPattern.of("**"));
    }

    @Test
    void agrees_with_the_same_regular_expression() {
        long seed = 20_261_126;
        SplittableRandom random = new SplittableRandom(seed);
        int matched = 0;
        for (int i = 0; i < 200_000; i++) {
            String pattern = text(random, "ab*", 1 + random.nextInt(7));
            String tenant = text(random, "ab", random.nextInt(8));
            boolean expected = Pattern.matches(
                    pattern.chars()
                            .mapToObj(c -> c == '*' ? ".*" : Character.toString(c))
                            .collect(Collectors.joining()),
                    tenant);

            assertThat(TenantPattern.of(pattern).matches(tenant))
                    .as("'%s' against '%s', seed %d", tenant, pattern, seed)
                    .isEqualTo(expected);
            matched += expected ? 1 : 0;
        }
        assertThat(matched).isGreaterThan(10_000);
    }

    @Test
    void many_stars_cost_little() {
        TenantPattern pattern = TenantPattern.of("*a".repeat(100) + "b");

        assertThat(pattern.matches("a".repeat(64))).isFalse();
    }

    private static String text(SplittableRandom random, String alphabet, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }
}

package dev.outboxrelay.rule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SubjectPatternTest {

    @ParameterizedTest
    @CsvSource({
        ">, a, true",
        ">, a.b.c, true",
        "a, a, true",
        "a, a.b, false",
        "a, ab, false",
        "a.>, a, false",
        "a.>, a.b, true",
        "a.>, a.b.c, true",
        "a.>, ab.c, false",
        "*, a, true",
        "*, a.b, false",
        "*.b, a.b, true",
        "*.b, a.c, false",
        "a.*.c, a.b.c, true",
        "a.*.c, a.b.b.c, false",
        "a.*.>, a.b, false",
        "a.*.>, a.b.c.d, true",
        "größe.*, größe.x, true",
        "A, a, false",
    })
    void tokens_compare_as_on_nats(String pattern, String subject, boolean matches) {
        assertThat(SubjectPattern.of(pattern).matches(subject, 0)).isEqualTo(matches);
        assertThat(SubjectPattern.of(pattern).matches("tenant.acme." + subject, 12))
                .isEqualTo(matches);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", ".", "a.", ".a", "a..b", ">.a", "a.>.b", "a>", "a*", "*a.b", "**", "a b", "a.\t", "a\u00a0b"
            })
    void what_is_no_pattern(String text) {
        assertThat(SubjectPattern.parse(text)).isEmpty();
    }

    @Test
    void agrees_with_the_same_regular_expression() {
        long seed = 20_261_127;
        SplittableRandom random = new SplittableRandom(seed);
        int matched = 0;
        for (int i = 0; i < 100_000; i++) {
            String pattern = tokens(random, "ab*", 1 + random.nextInt(4)) + (random.nextInt(3) == 0 ? ".>" : "");
            String subject = tokens(random, "ab", 1 + random.nextInt(5));
            String regex = pattern.replace(".", "\\.").replace("*", "[^.]+").replace(">", ".+");
            boolean expected = Pattern.matches(regex, subject);

            assertThat(SubjectPattern.of(pattern).matches("x." + subject, 2))
                    .as("'%s' against '%s', seed %d", subject, pattern, seed)
                    .isEqualTo(expected);
            matched += expected ? 1 : 0;
        }
        assertThat(matched).isGreaterThan(5_000);
    }

    private static String tokens(SplittableRandom random, String alphabet, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : ".").append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }
}

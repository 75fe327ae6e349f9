package dev.outboxrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SubjectTemplateTest {

    @Test
    void columns_are_put_in_as_they_are() {
        SubjectTemplate template = SubjectTemplate.of("shop.{aggregatetype}.{type}-v1");

        assertThat(template.columns()).containsExactly("aggregatetype", "type");
        assertThat(template.render(column -> "<" + column + "$1>")).isEqualTo("shop.<aggregatetype$1>.<type$1>-v1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "a.", ".a", "a..b", "a.*", "a.>", "a b", "{", "{}", "{a", "a}", "{a b}", "{{a}}"})
    void anything_else_is_no_template(String text) {
        assertThat(SubjectTemplate.parse(text)).isEmpty();
    }
}

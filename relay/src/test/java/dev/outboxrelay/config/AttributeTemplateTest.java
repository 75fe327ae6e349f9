package dev.outboxrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AttributeTemplateTest {

    @Test
    void literals_stand_between_fields() {
        AttributeTemplate template =
                AttributeTemplate.parse("a.{tenant}{subject}-{table}").orElseThrow();

        assertThat(template.fields())
                .containsExactly(
                        AttributeTemplate.Field.TENANT, AttributeTemplate.Field.SUBJECT, AttributeTemplate.Field.TABLE);
        assertThat(template.literals()).containsExactly("a.", "", "-", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "{", "}", "{id}", "{tenant", "tenant}", "größe", "{{tenant}}", "a\tb"})
    void what_is_no_template(String text) {
        assertThat(AttributeTemplate.parse(text)).isEmpty();
        assertThat(AttributeTemplate.parseReference(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\"b", "a%2", "a%zz", "a\\b", "a^b", "a#b#c", "a<b>"})
    void what_makes_no_reference(String text) {
        assertThat(AttributeTemplate.parse(text)).isPresent();
        assertThat(AttributeTemplate.parseReference(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://a.example:443/b%20c/{tenant}?x={table}#{subject}",
                "urn:outbox:{tenant}",
                "/outbox/{tenant}",
                "{tenant}"
            })
    void what_makes_references(String text) {
        assertThat(AttributeTemplate.parseReference(text)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "text/plain;charset=utf-8", "text/plain; charset=\"utf-8\""})
    void media_types(String text) {
        assertThat(isMediaType(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "a/b; c", "a/b/c", "a /b", "a/b; c=\"d"})
    void no_media_types(String text) {
        assertThat(isMediaType(text)).isFalse();
    }

    private static boolean isMediaType(String text) {
        return EventTypes.MEDIA_TYPE.parse(text).fold(type -> true, why -> false);
    }
}

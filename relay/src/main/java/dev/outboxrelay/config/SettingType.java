package dev.outboxrelay.config;

import java.util.function.Function;

/**
 * What a setting's text means.
 *
 * @param description for people: what may be written, with its range
 * @param secret whether the text must never be shown
 * @param parser reads the text, which is never blank and carries no blanks around it unless secret
 */
record SettingType<T>(String description, boolean secret, Function<String, Parsed<T>> parser) {

    static <T> SettingType<T> of(String description, Function<String, Parsed<T>> parser) {
        return new SettingType<>(description, false, parser);
    }

    Parsed<T> parse(String text) {
        return parser.apply(secret ? text : text.strip());
    }
}

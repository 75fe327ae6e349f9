package dev.outboxrelay.config;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One setting, declared once in {@link SettingCatalog}: the reader, the environment names and the reference for people
 * all come from this.
 *
 * @param key its name in the file; {@code [*]} stands for the index of a list, {@code .*} at the end for any name
 * @param type what may be written
 * @param required whether it has to be given
 * @param defaultText what applies when it is not given; null where there is no such value
 * @param documentation one sentence for the reference
 * @param since the version that brought it
 */
public record Setting<T>(
        String key,
        SettingType<T> type,
        boolean required,
        @Nullable String defaultText,
        String documentation,
        String since) {

    /** The first version there was. */
    static final String FIRST = "0.1.0";

    static <T> Setting<T> required(String key, SettingType<T> type, String documentation) {
        return new Setting<>(key, type, true, null, documentation, FIRST);
    }

    static <T> Setting<T> optional(String key, SettingType<T> type, String documentation) {
        return new Setting<>(key, type, false, null, documentation, FIRST);
    }

    static <T> Setting<T> withDefault(String key, SettingType<T> type, String defaultText, String documentation) {
        return new Setting<>(key, type, false, defaultText, documentation, FIRST);
    }

    /** The same setting, brought by a later version. */
    Setting<T> since(String version) {
        return new Setting<>(key, type, required, defaultText, documentation, version);
    }

    /** What may be written, in words, with its range. */
    public String allowed() {
        return type.description();
    }

    /** What is wrong with a text for it, as the end of a sentence; empty when nothing is. */
    public Optional<String> problemWith(String text) {
        return type.parse(text).fold(value -> Optional.empty(), Optional::of);
    }

    /** Whether its value must never be shown. */
    public boolean isSecret() {
        return type.secret();
    }

    /** The environment variable that overrides it: every character but letters and digits becomes {@code _}. */
    public String variable() {
        return variableOf(key);
    }

    /** The same setting of one list element. */
    Setting<T> at(int index) {
        return new Setting<>(key.replace("[*]", "[" + index + "]"), type, required, defaultText, documentation, since);
    }

    /** The same setting of one list element, under one name. */
    Setting<T> at(int index, String name) {
        Setting<T> element = at(index);
        String named = element.key().substring(0, element.key().length() - 1) + name;
        return new Setting<>(named, type, required, defaultText, documentation, since);
    }

    static String variableOf(String key) {
        return key.replaceAll("[^A-Za-z0-9*]", "_").toUpperCase(Locale.ROOT);
    }
}

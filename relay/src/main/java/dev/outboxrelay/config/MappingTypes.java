package dev.outboxrelay.config;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/** The types of settings that map tables. */
final class MappingTypes {

    private MappingTypes() {}

    static final SettingType<Preset> PRESET = SettingTypes.parsed(
            Arrays.stream(Preset.values()).map(Preset::toString).collect(Collectors.joining(" | ")), Preset::of);

    /** Fields of JSON objects from the outside in. */
    static final SettingType<List<String>> PATH = SettingTypes.parsed(
            "names of JSON fields from the outside in, separated by dots, such as meta.tenant",
            text -> split(text, "\\."));

    static final SettingType<List<String>> VALUES =
            SettingTypes.parsed("values separated by commas, such as created, paid", text -> split(text, ","));

    static final SettingType<Pattern> PATTERN = SettingTypes.parsed("a regular expression of Java's", text -> {
        try {
            return Optional.of(Pattern.compile(text));
        } catch (PatternSyntaxException e) {
            return Optional.empty();
        }
    });

    /** The parts without the blanks around them; empty where one of them is nothing else. */
    private static Optional<List<String>> split(String text, String separator) {
        List<String> parts =
                Arrays.stream(text.split(separator, -1)).map(String::strip).toList();
        return parts.contains("") ? Optional.empty() : Optional.of(parts);
    }
}

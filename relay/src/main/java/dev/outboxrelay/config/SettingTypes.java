package dev.outboxrelay.config;

import dev.outboxrelay.event.TableName;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The plain types that a setting can have; durations, sizes and addresses have files of their own. */
final class SettingTypes {

    private SettingTypes() {}

    private static SettingType<Path> path(String what) {
        return SettingType.of(what, text -> {
            try {
                return Parsed.value(Path.of(text));
            } catch (InvalidPathException e) {
                return Parsed.bad("is not the name of " + what);
            }
        });
    }

    static final SettingType<String> TEXT = SettingType.of("text", Parsed::value);

    static final SettingType<Secret> SECRET =
            new SettingType<>("secret text", true, text -> Parsed.value(new Secret(text)));

    static final SettingType<Boolean> FLAG = parsed("true | false", text -> switch (text.toLowerCase(Locale.ROOT)) {
        case "true" -> Optional.of(true);
        case "false" -> Optional.of(false);
        default -> Optional.empty();
    });

    static final SettingType<Path> FILE = path("a file");
    static final SettingType<Path> DIRECTORY = path("a directory");

    static final SettingType<TableName> TABLE = parsed("schema.table", TableName::parse);

    static final SettingType<SubjectTemplate> SUBJECT =
            parsed("a relative subject with {column} parts, such as orders.{type}", SubjectTemplate::parse);

    /** Lower case only: PostgreSQL allows nothing else in a slot's name. */
    static final SettingType<String> SLOT =
            matching("1 to 63 lower-case letters, digits and _", Pattern.compile("[a-z0-9_]{1,63}"));

    static final SettingType<String> IDENTIFIER = matching(
            "1 to 63 letters, digits, _ and $ that start with a letter or _",
            Pattern.compile("[A-Za-z_][A-Za-z0-9_$]{0,62}"));

    /** A whole number; {@code _} may group its digits. */
    static SettingType<Integer> whole(int least, int most) {
        SettingType<Long> number = wholeLong(least, most);
        return SettingType.of(number.description(), text -> number.parse(text).map(Math::toIntExact));
    }

    /** A whole number; {@code _} may group its digits. */
    static SettingType<Long> wholeLong(long least, long most) {
        String description = "a whole number from %d to %d".formatted(least, most);
        return SettingType.of(description, text -> {
            try {
                long number = Long.parseLong(text.replace("_", ""));
                return number >= least && number <= most ? Parsed.value(number) : Parsed.bad("is not " + description);
            } catch (NumberFormatException e) {
                return Parsed.bad("is not " + description);
            }
        });
    }

    /** A constant of an enum, written in lower case. */
    static <E extends Enum<E>> SettingType<E> oneOf(Class<E> type) {
        E[] constants = type.getEnumConstants();
        String names = Arrays.stream(constants).map(SettingTypes::nameOf).collect(Collectors.joining(" | "));
        return parsed(
                names,
                text -> Arrays.stream(constants)
                        .filter(constant -> nameOf(constant).equals(text.toLowerCase(Locale.ROOT)))
                        .findFirst());
    }

    private static String nameOf(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static final Pattern DECIMAL = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");

    /** A part of a whole. */
    static final SettingType<Double> SHARE = parsed(
            "a number from 0 to 1, such as 0.01",
            text -> Optional.of(text)
                    .filter(DECIMAL.asMatchPredicate())
                    .map(Double::valueOf)
                    .filter(share -> share <= 1));

    private static SettingType<String> matching(String description, Pattern pattern) {
        return parsed(description, text -> Optional.of(text).filter(pattern.asMatchPredicate()));
    }

    /** A type whose reader only says yes or no: the description then is the reason. */
    static <T> SettingType<T> parsed(String description, Function<String, Optional<T>> parser) {
        return SettingType.of(
                description,
                text -> parser.apply(text)
                        .<Parsed<T>>map(Parsed::value)
                        .orElseGet(() -> Parsed.bad("is not " + description)));
    }
}

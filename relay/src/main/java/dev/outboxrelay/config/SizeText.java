package dev.outboxrelay.config;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 64MB}, {@code 512KB}, {@code 1GB}, or plain bytes. 1 KB is 1,024 bytes. */
final class SizeText {

    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,15}) ?(B|KB|MB|GB)?", Pattern.CASE_INSENSITIVE);
    private static final Map<String, Long> UNITS = Map.of("B", 1L, "KB", 1L << 10, "MB", 1L << 20, "GB", 1L << 30);

    private SizeText() {}

    /** A number of bytes between two texts of this same form, both included. */
    static SettingType<Long> between(String least, String most) {
        long from = parse(least).orElseThrow();
        long to = parse(most).orElseThrow();
        String description = "a size from %s to %s (64MB, 512KB, 1GB or bytes; 1MB = 1,048,576)".formatted(least, most);
        return SettingTypes.parsed(description, text -> parse(text).filter(given -> given >= from && given <= to));
    }

    static Optional<Long> parse(String text) {
        Matcher written = WRITTEN.matcher(text);
        if (!written.matches()) {
            return Optional.empty();
        }
        String unit = written.group(2) == null ? "B" : written.group(2).toUpperCase(Locale.ROOT);
        try {
            return Optional.of(Math.multiplyExact(Long.parseLong(written.group(1)), UNITS.getOrDefault(unit, 1L)));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }
}

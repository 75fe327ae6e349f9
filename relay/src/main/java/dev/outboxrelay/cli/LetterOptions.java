package dev.outboxrelay.cli;

import dev.outboxrelay.config.DurationText;
import dev.outboxrelay.dlq.Kind;
import dev.outboxrelay.dlq.LetterFilter;
import dev.outboxrelay.event.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Which letters a command is about: those that fit everything that is given. */
final class LetterOptions {

    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

    @Parameters(
            arity = "0..*",
            paramLabel = "LETTER",
            description = "Letters by number (the column SEQ) or by event id (the header Nats-Msg-Id).")
    private List<String> letters = new ArrayList<>();

    @Option(names = "--id", paramLabel = "ID", description = "The same as an option; may be repeated.")
    private List<String> ids = new ArrayList<>();

    @Option(names = "--tenant", paramLabel = "ID", description = "Exactly this tenant.")
    @Nullable
    private String tenant;

    @Option(
            names = "--reason",
            paramLabel = "REASON",
            converter = ReasonConverter.class,
            description = "Dead for this reason, such as invalid_subject.")
    @Nullable
    private Reason reason;

    @Option(names = "--source", paramLabel = "TABLE", description = "Of this outbox table, such as outbox.message.")
    @Nullable
    private String source;

    @Option(
            names = "--older-than",
            paramLabel = "AGE",
            converter = AgeConverter.class,
            description = "Dead for at least this long (10m, 2h, 7d); for parked ones, committed.")
    @Nullable
    private Duration olderThan;

    @Option(
            names = "--newer-than",
            paramLabel = "AGE",
            converter = AgeConverter.class,
            description = "Dead for at most this long.")
    @Nullable
    private Duration newerThan;

    LetterFilter filter(String slot, @Nullable Kind kind) {
        LetterFilter named = named(keys(), slot);
        return new LetterFilter(
                slot, kind, tenant, reason, source, olderThan, newerThan, named.seqs(), named.eventIds());
    }

    /** Letters by number or event id, and nothing else. */
    static LetterFilter named(Collection<String> keys, String slot) {
        Set<Long> seqs = new HashSet<>();
        Set<String> events = new HashSet<>();
        for (String key : keys) {
            if (NUMBER.matcher(key).matches()) {
                seqs.add(Long.parseLong(key));
            } else {
                events.add(key);
            }
        }
        return new LetterFilter(slot, null, null, null, null, null, null, seqs, events);
    }

    /** The tenant that was named, or null. */
    @Nullable
    String tenant() {
        return tenant;
    }

    /** The letters that were named one by one. */
    Set<String> keys() {
        Set<String> keys = new HashSet<>(letters);
        keys.addAll(ids);
        return keys;
    }

    /** An age as in the configuration. */
    static final class AgeConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return DurationText.parse(text)
                    .filter(age -> !age.isNegative())
                    .orElseThrow(
                            () -> new TypeConversionException("'" + text + "' is not an age such as 10m, 2h or 7d"));
        }
    }

    /** A reason by its name in the table. */
    static final class ReasonConverter implements ITypeConverter<Reason> {
        @Override
        public Reason convert(String text) {
            return Arrays.stream(Reason.values())
                    .filter(reason -> reason.code().equals(text))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of "
                            + Arrays.stream(Reason.values()).map(Reason::code).collect(Collectors.joining(", "))));
        }
    }
}

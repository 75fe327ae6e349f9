package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.Kind;
import java.util.Arrays;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which kind of letters a command is about. */
final class KindOption {

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            converter = KindConverter.class,
            defaultValue = "event",
            description = "event: what did not reach its stream (default); consumer: what a consumer gave up.")
    private Kind kind = Kind.EVENT;

    Kind kind() {
        return kind;
    }

    /** A kind by its name in the table. */
    static final class KindConverter implements ITypeConverter<Kind> {
        @Override
        public Kind convert(String text) {
            return Arrays.stream(Kind.values())
                    .filter(kind -> kind.code().equals(text))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of event, consumer"));
        }
    }
}

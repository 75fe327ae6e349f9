package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.State;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A state by its name in the table. */
final class StateConverter implements ITypeConverter<State> {
    @Override
    public State convert(String text) {
        return Arrays.stream(State.values())
                .filter(state -> state.code().equals(text))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of "
                        + Arrays.stream(State.values()).map(State::code).collect(Collectors.joining(", "))));
    }
}

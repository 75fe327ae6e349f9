package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.check.Check;
import dev.outboxrelay.telemetry.Runbooks;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine.ParameterException;

/** What the runbooks tell an operator to type is what the command line takes. */
final class RunbookCommandsTest {

    static List<String> commands() {
        return Runbooks.commands().stream().distinct().toList();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void a_command_of_a_runbook_parses(String command) {
        String[] words = words(command);

        CommandLineRun.parse(words);

        int only = Arrays.asList(words).indexOf("--only");
        if (only >= 0) {
            assertThat(Arrays.stream(Check.values()).map(Check::id)).contains(words[only + 1].split(",", -1));
        }
    }

    @Test
    void there_are_many_and_a_wrong_one_would_be_noticed() {
        assertThat(commands()).hasSizeGreaterThan(40);
        assertThatThrownBy(() -> CommandLineRun.parse(words("outbox-relay dlq replay --tenant acme --dry-rum")))
                .isInstanceOf(ParameterException.class);
    }

    private static String[] words(String command) {
        String[] all = command.split(" +", -1);
        return Arrays.copyOfRange(all, 1, all.length);
    }
}

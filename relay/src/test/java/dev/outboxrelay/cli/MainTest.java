package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Settings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class MainTest {

    private static final Map<String, String> ADDRESSES =
            Map.of("OUTBOX_POSTGRES_URL", "jdbc:postgresql://db/shop", "OUTBOX_NATS_URL", "nats://n1:4222");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<Settings> started = new ArrayList<>();
    private RelayRunner relay = settings -> {
        started.add(settings);
        return ExitCode.FINE;
    };

    @AfterEach
    void forgetDebug() {
        System.clearProperty("OUTBOX_LOG_LEVEL");
    }

    @Test
    void run_starts_the_relay_with_the_settings_and_returns_its_exit_code() {
        assertThat(execute("run")).isZero();

        assertThat(started)
                .singleElement()
                .satisfies(settings -> assertThat(settings.nats().shownUrls()).isEqualTo("nats://n1:4222"));
    }

    @Test
    void run_with_a_wrong_configuration_starts_nothing_and_is_wrong_usage() {
        assertThat(execute("run", "--config", "/nonexistent/relay.yaml")).isEqualTo(ExitCode.WRONG_USAGE);

        assertThat(started).isEmpty();
        assertThat(err.toString()).contains("the configuration has a problem", "/nonexistent/relay.yaml");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "walk", "run --confg x", "run --config", "version extra"})
    void wrong_usage_is_said_on_stderr_with_the_next_step(String arguments) {
        assertThat(execute(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1)))
                .isEqualTo(ExitCode.WRONG_USAGE);

        assertThat(err.toString()).startsWith("outbox-relay").contains(" --help.");
    }

    @Test
    void an_unknown_command_is_named_with_those_that_there_are() {
        assertThat(execute("walk", "fast")).isEqualTo(ExitCode.WRONG_USAGE);

        assertThat(err.toString())
                .contains(
                        "no command 'walk'",
                        "run, check, status, event, demo, dlq, tenant, republish, backlog, version");
    }

    @Test
    void a_failure_is_said_without_a_stack_trace() {
        relay = settings -> {
            throw new IllegalStateException("the slot is gone");
        };

        assertThat(execute("run")).isEqualTo(ExitCode.FAILED);

        assertThat(err.toString())
                .contains("outbox-relay run failed: the slot is gone", "--debug")
                .doesNotContain("\tat ");
    }

    @Test
    void with_debug_a_failure_shows_where_it_came_from() {
        relay = settings -> {
            throw new IllegalStateException("the slot is gone");
        };

        assertThat(execute("run", "--debug")).isEqualTo(ExitCode.FAILED);

        assertThat(err.toString()).contains("the slot is gone", "\tat ");
    }

    @Test
    void version_names_the_relay_debezium_and_jnats() {
        assertThat(execute("version")).isZero();

        assertThat(out.toString()).matches("outbox-relay \\d\\S+\\RDebezium 3\\.\\S+\\Rjnats 2\\.\\S+\\R");
    }

    @Test
    void version_as_json_is_one_object() {
        assertThat(execute("version", "--json")).isZero();

        assertThat(out.toString()).matches("\\{\"outbox-relay\":\"\\d.*\",\"debezium\":\"3.*\",\"jnats\":\"2.*\"}\\R");
    }

    private int execute(String... arguments) {
        CommandLine command = Main.commandLine(ADDRESSES, settings -> relay.run(settings));
        return command.setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }
}

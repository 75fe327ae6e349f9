package dev.outboxrelay.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A command as an operator runs it, in this process.
 *
 * @param exit its exit code
 * @param out what it said on stdout
 * @param err what it said on stderr
 */
public record CommandLineRun(int exit, String out, String err) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Runs it; every setting comes from the environment. */
    public static CommandLineRun of(Map<String, String> environment, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = Main.commandLine(environment, settings -> ExitCode.FAILED)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new CommandLineRun(exit, out.toString(), err.toString());
    }

    /** Has the command line parse arguments, without running anything; throws what is wrong with them. */
    public static void parse(String... arguments) {
        Main.commandLine(Map.of(), settings -> ExitCode.FAILED).parseArgs(arguments);
    }

    /** Runs one check of the doctor, which has to end so, and gives what it says as JSON. */
    public static JsonNode check(Map<String, String> environment, String id, int exit) {
        return of(environment, "check", "--json", "--only", id).is(exit).json().at("/checks/0");
    }

    /** Settings by key, as environment variables. */
    public static Map<String, String> environment(Map<String, String> settings) {
        Map<String, String> environment = new HashMap<>();
        settings.forEach(
                (key, value) -> environment.put(key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"), value));
        return environment;
    }

    /** Itself, if it ended so. */
    public CommandLineRun is(int expected) {
        if (exit != expected) {
            throw new AssertionError("exit code " + exit + " instead of " + expected + "\n" + out + "\n" + err);
        }
        return this;
    }

    /** What it said, as JSON. */
    public JsonNode json() {
        try {
            return JSON.readTree(out);
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + out, e);
        }
    }
}

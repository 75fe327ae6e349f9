package dev.outboxrelay.cli;

import dev.outboxrelay.config.Problem;
import dev.outboxrelay.config.VariableNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The settings that the environment gives, by key. A blank variable counts as not set, as compose files like to leave
 * them.
 *
 * @param values key to text
 * @param variables key to the variable that gave it
 */
record EnvironmentValues(Map<String, String> values, Map<String, String> variables, List<Problem> problems) {

    static EnvironmentValues of(Map<String, String> environment) {
        Map<String, String> values = new TreeMap<>();
        Map<String, String> variables = new TreeMap<>();
        List<Problem> problems = new ArrayList<>();
        new TreeMap<>(environment).forEach((variable, text) -> {
            Optional<String> key = VariableNames.keyOf(variable);
            if (key.isPresent() && !text.isBlank()) {
                values.put(key.get(), text);
                variables.put(key.get(), variable);
            } else if (key.isEmpty() && VariableNames.isOurs(variable)) {
                problems.add(new Problem(
                        variable,
                        "environment",
                        "there is no such setting",
                        "The nearest known one is " + VariableNames.nearest(variable) + "."));
            }
        });
        return new EnvironmentValues(values, variables, problems);
    }

    String variableOf(String key) {
        return variables.getOrDefault(key, "");
    }
}

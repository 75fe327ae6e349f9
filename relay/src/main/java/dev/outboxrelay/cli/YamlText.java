package dev.outboxrelay.cli;

import dev.outboxrelay.config.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Judges whether a text is YAML that a configuration can be read from. What the parser says is cut before it can quote
 * the text: a password that starts with {@code *} is an alias to it.
 */
final class YamlText {

    private YamlText() {}

    /** What is wrong with the text as such; empty where it is one YAML map, or nothing at all. */
    static Optional<Problem> problem(String text, String file) {
        LoaderOptions strict = new LoaderOptions();
        strict.setAllowDuplicateKeys(false);
        try {
            List<Object> documents = new ArrayList<>();
            new Yaml(new SafeConstructor(strict)).loadAll(text).forEach(documents::add);
            boolean oneMap = documents.isEmpty()
                    || (documents.size() == 1
                            && (documents.get(0) == null || documents.get(0) instanceof java.util.Map));
            return oneMap
                    ? Optional.empty()
                    : Optional.of(new Problem(
                            "configuration",
                            file,
                            "it is not one YAML map of keys to values",
                            "Start it with 'outbox:' and indent the rest below."));
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark();
            String where = mark == null
                    ? file
                    : "%s, line %d, column %d".formatted(file, mark.getLine() + 1, mark.getColumn() + 1);
            return Optional.of(new Problem("configuration", where, "it is not YAML: " + shown(e), NEXT_STEP));
        } catch (YAMLException e) {
            return Optional.of(new Problem("configuration", file, "it is not YAML", NEXT_STEP));
        }
    }

    private static final String NEXT_STEP =
            "Correct that place; indent with blanks only, and put values with special characters in single quotes.";

    private static String shown(MarkedYAMLException e) {
        String problem = e.getProblem() == null ? "" : e.getProblem();
        return problem.replaceAll("\\b(alias|anchor|tag)\\b.*", "$1")
                .replaceAll("\\R.*", "")
                .strip();
    }
}

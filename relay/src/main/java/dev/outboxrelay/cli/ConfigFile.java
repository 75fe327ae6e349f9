package dev.outboxrelay.cli;

import dev.outboxrelay.config.Problem;
import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The YAML file, flattened: {@code outbox.source.tables[0].table} for nested maps and lists; keys written with dots
 * count like nested ones.
 *
 * @param origin the file, for people
 * @param values key to text
 */
record ConfigFile(String origin, Map<String, String> values, List<Problem> problems) {

    private static final Pattern SCALAR_IN_LIST = Pattern.compile("(.+)\\[(\\d+)]");

    static ConfigFile none() {
        return new ConfigFile("no file", Map.of(), List.of());
    }

    static ConfigFile read(Path path) {
        String origin = "file " + path;
        String text;
        try {
            text = Files.readString(path);
        } catch (NoSuchFileException e) {
            return broken(origin, "it does not exist", "Give --config the path of your YAML file.");
        } catch (CharacterCodingException e) {
            return broken(origin, "it is not UTF-8 text", "Save it as UTF-8.");
        } catch (IOException e) {
            String why = Files.isDirectory(path) ? "it is a directory" : "it cannot be read";
            return broken(origin, why, "Give --config a YAML file that this user may read.");
        }
        Optional<Problem> malformed = YamlText.problem(text, origin);
        return malformed
                .map(problem -> new ConfigFile(origin, Map.of(), List.of(problem)))
                .orElseGet(() -> new ConfigFile(origin, flatten(text, origin), List.of()));
    }

    private static ConfigFile broken(String origin, String why, String nextStep) {
        return new ConfigFile(origin, Map.of(), List.of(new Problem("configuration", origin, why, nextStep)));
    }

    /** The YAML source gives a list of plain values twice: joined, with commas escaped, and one by one. */
    private static Map<String, String> flatten(String text, String origin) {
        Map<String, String> source = new YamlConfigSource(origin, text).getProperties();
        Map<String, String> values = new TreeMap<>();
        Map<String, Map<Integer, String>> lists = new TreeMap<>();
        source.forEach((key, value) -> {
            Matcher element = SCALAR_IN_LIST.matcher(key);
            if (element.matches() && source.containsKey(element.group(1))) {
                lists.computeIfAbsent(plain(element.group(1)), list -> new TreeMap<>())
                        .put(Integer.parseInt(element.group(2)), value);
            } else {
                values.put(plain(key), value);
            }
        });
        lists.forEach((key, elements) -> values.put(key, String.join(",", elements.values())));
        return values;
    }

    private static String plain(String key) {
        return key.replace("\"", "");
    }
}

package dev.outboxrelay.cli;

import dev.outboxrelay.config.Problem;
import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.SettingsReader;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.config.ConfigValue;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the configuration from one YAML file, the environment above it, a NATS context below it where one is named,
 * and files with secrets. Nothing else is looked at: no system properties, no files on the class path.
 */
final class ConfigLoader {

    private static final int FALLBACK_ORDINAL = 50;
    private static final int CONTEXT_ORDINAL = 75;
    private static final int FILE_ORDINAL = 100;
    private static final int ENVIRONMENT_ORDINAL = 300;
    private static final String ENVIRONMENT = "environment";

    private final List<Problem> problems = new ArrayList<>();

    private ConfigLoader() {}

    /** Loads and checks everything; reports every problem, those of files and of single settings, at once. */
    static Reading load(@Nullable Path file, Map<String, String> environment) {
        return load(file, environment, Map.of());
    }

    /** The same for a command that does not need all of it: what is given nowhere is taken from {@code fallbacks}. */
    static Reading load(@Nullable Path file, Map<String, String> environment, Map<String, String> fallbacks) {
        return new ConfigLoader().gather(file, environment, fallbacks);
    }

    private Reading gather(@Nullable Path file, Map<String, String> environment, Map<String, String> fallbacks) {
        ConfigFile fromFile = file == null ? ConfigFile.none() : ConfigFile.read(file);
        problems.addAll(fromFile.problems());
        EnvironmentValues fromEnvironment = EnvironmentValues.of(environment);
        problems.addAll(fromEnvironment.problems());

        NatsContext fromContext = context(fromFile, fromEnvironment, environment);
        problems.addAll(fromContext.problems());

        Map<String, RawValue> raw = merge(fromFile, fromEnvironment, fromContext, fallbacks);
        problems.addAll(SecretFiles.resolve(raw));
        // An unreadable file says nothing about what would have been in it: only its own problem is worth reading.
        if (!fromFile.problems().isEmpty()) {
            return new Reading.Rejected(problems);
        }
        return with(SettingsReader.read(raw));
    }

    private static NatsContext context(
            ConfigFile file, EnvironmentValues fromEnvironment, Map<String, String> environment) {
        String key = "outbox.nats.context-file";
        String named = fromEnvironment.values().getOrDefault(key, file.values().getOrDefault(key, ""));
        return named.isBlank() ? NatsContext.none() : NatsContext.read(named, environment.getOrDefault("HOME", ""));
    }

    private static Map<String, RawValue> merge(
            ConfigFile file, EnvironmentValues environment, NatsContext context, Map<String, String> fallbacks) {
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .withSources(new PropertiesConfigSource(fallbacks, "fallback", FALLBACK_ORDINAL))
                .withSources(new PropertiesConfigSource(context.values(), context.origin(), CONTEXT_ORDINAL))
                .withSources(new PropertiesConfigSource(file.values(), file.origin(), FILE_ORDINAL))
                .withSources(new PropertiesConfigSource(environment.values(), ENVIRONMENT, ENVIRONMENT_ORDINAL))
                .build();
        Map<String, RawValue> raw = new TreeMap<>();
        for (String key : config.getPropertyNames()) {
            ConfigValue value = config.getConfigValue(key);
            String origin = switch (value.getSourceOrdinal()) {
                case ENVIRONMENT_ORDINAL -> ENVIRONMENT + " " + environment.variableOf(key);
                case CONTEXT_ORDINAL -> context.origin();
                default -> file.origin();
            };
            raw.put(key, new RawValue(value.getRawValue() == null ? "" : value.getRawValue(), origin));
        }
        return raw;
    }

    private Reading with(Reading reading) {
        if (reading instanceof Reading.Rejected rejected) {
            problems.addAll(rejected.problems());
        }
        return problems.isEmpty() ? reading : new Reading.Rejected(problems);
    }
}

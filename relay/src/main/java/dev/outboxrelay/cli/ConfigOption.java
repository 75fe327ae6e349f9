package dev.outboxrelay.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The {@code --config} option, for every command that needs settings. */
final class ConfigOption {

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "YAML file with the settings; OUTBOX_… variables override it. Without a file the variables"
                    + " have to say everything.")
    @Nullable
    Path file;
}

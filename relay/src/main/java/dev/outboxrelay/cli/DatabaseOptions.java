package dev.outboxrelay.cli;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.NatsSettings;
import dev.outboxrelay.config.PostgresLogin;
import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Secret;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SourceSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where the outbox is, and as whom an operator comes: the relay's configuration, and another user above it. */
final class DatabaseOptions {

    @Mixin
    private ConfigOption config = new ConfigOption();

    @Option(
            names = "--user",
            paramLabel = "ROLE",
            description = "Who logs in, a member of outbox_operator (default: outbox.postgres.user).")
    @Nullable
    private String user;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description = "A file that holds that role's password (default: outbox.postgres.password or its file).")
    @Nullable
    private Path passwordFile;

    /** @param postgres with the operator's role; for everything else what the relay has */
    record Access(PostgresSettings postgres, Settings settings) {

        Naming naming() {
            return settings.naming();
        }

        NatsSettings nats() {
            return settings.nats();
        }

        SourceSettings source() {
            return settings.source();
        }
    }

    /** The configuration's file; null when none is given. */
    @Nullable
    Path config() {
        return config.file;
    }

    /** Reads it; says what is wrong with it, and ends the command as one that was used wrongly. */
    Access read(Map<String, String> environment, CommandLine command) {
        // an operator need not know where NATS is
        return read(environment, command, Map.of("outbox.nats.url", "nats://not-needed:4222"));
    }

    /** The same for a command that talks to NATS too. */
    Access readWithNats(Map<String, String> environment, CommandLine command) {
        return read(environment, command, Map.of());
    }

    private Access read(Map<String, String> environment, CommandLine command, Map<String, String> fallbacks) {
        Reading reading = ConfigLoader.load(config.file, environment, fallbacks);
        if (reading instanceof Reading.Rejected rejected) {
            ConfigProblems.print(rejected, command.getErr());
            throw new ParameterException(command, "The configuration cannot be used");
        }
        Settings settings = ((Reading.Complete) reading).settings();
        return new Access(settings.postgres().as(login(settings.postgres(), command)), settings);
    }

    private PostgresLogin login(PostgresSettings given, CommandLine command) {
        String role = user == null ? given.user() : user;
        if (passwordFile != null) {
            return PostgresLogin.of(role, password(passwordFile, command));
        }
        PostgresLogin login = given.login();
        return new PostgresLogin(role, login.password(), login.passwordFile(), login.passfile());
    }

    private static Secret password(Path file, CommandLine command) {
        try {
            return new Secret(Files.readString(file).replaceFirst("\\R\\z", ""));
        } catch (IOException e) {
            throw new ParameterException(
                    command,
                    "--password-file: " + file + " cannot be read ("
                            + e.getClass().getSimpleName().replace("Exception", "")
                            + "): name a file that this user may read",
                    e);
        }
    }
}

package dev.outboxrelay.cli;

import dev.outboxrelay.config.Problem;
import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Setting;
import dev.outboxrelay.config.SettingCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Puts the content of {@code …-file} settings in the place of the secrets that they stand for, except for those that
 * are read when they are used: these are only looked at here.
 */
final class SecretFiles {

    private static final String SUFFIX = "-file";

    private SecretFiles() {}

    /** Replaces in {@code raw} and returns what went wrong. Where secret and file are both given, both stay. */
    static List<Problem> resolve(Map<String, RawValue> raw) {
        List<Problem> problems = new ArrayList<>();
        for (Setting<?> secret : SettingCatalog.all()) {
            String fileKey = secret.key() + SUFFIX;
            RawValue file = raw.get(fileKey);
            if (secret.isSecret() && file != null && isGiven(file) && !isGiven(raw.get(secret.key()))) {
                Optional<RawValue> text = isChecked(secret) ? read(file, fileKey, problems) : Optional.empty();
                if (SettingCatalog.isReadAtUse(secret)) {
                    text.flatMap(content -> secret.problemWith(content.text()))
                            .ifPresent(why -> problems.add(problem(fileKey, file, "holds something that " + why)));
                } else {
                    raw.remove(fileKey);
                    text.ifPresent(content -> raw.put(secret.key(), content));
                }
            }
        }
        return problems;
    }

    /** An operator who looks at the database need not be able to read what is for NATS. */
    private static boolean isChecked(Setting<?> secret) {
        return !secret.key().startsWith("outbox.nats.");
    }

    private static Optional<RawValue> read(RawValue file, String fileKey, List<Problem> problems) {
        try {
            String text = Files.readString(Path.of(file.text().strip())).replaceFirst("\\R\\z", "");
            if (!text.isBlank()) {
                return Optional.of(new RawValue(text, "file " + file.text() + ", " + file.origin()));
            }
            problems.add(problem(fileKey, file, "is empty"));
        } catch (IOException | InvalidPathException e) {
            problems.add(problem(fileKey, file, "cannot be read (" + reason(e) + ")"));
        }
        return Optional.empty();
    }

    private static boolean isGiven(@Nullable RawValue value) {
        return value != null && !value.text().isBlank();
    }

    private static Problem problem(String key, RawValue file, String why) {
        return new Problem(
                key,
                file.origin(),
                "'" + file.text() + "' " + why,
                "Name a file that holds the secret and that this user may read.");
    }

    private static String reason(Exception e) {
        return e.getClass().getSimpleName().replace("Exception", "");
    }
}

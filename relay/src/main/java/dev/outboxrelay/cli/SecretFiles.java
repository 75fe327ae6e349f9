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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Puts the content of {@code …-file} settings in the place of the secrets that they stand for. */
final class SecretFiles {

    private static final String SUFFIX = "-file";

    /** What is read again while the relay runs: only looked at here, and left as a file. */
    private static final Set<String> READ_AGAIN = Set.of("outbox.admin.token");

    private SecretFiles() {}

    /** Replaces in {@code raw} and returns what went wrong. Where secret and file are both given, both stay. */
    static List<Problem> resolve(Map<String, RawValue> raw) {
        List<Problem> problems = new ArrayList<>();
        for (Setting<?> secret : SettingCatalog.all()) {
            String fileKey = secret.key() + SUFFIX;
            RawValue file = raw.get(fileKey);
            if (secret.isSecret() && file != null && isGiven(file) && !isGiven(raw.get(secret.key()))) {
                Optional<RawValue> text = read(file, fileKey, problems);
                if (READ_AGAIN.contains(secret.key())) {
                    text.flatMap(given -> secret.problemWith(given.text()))
                            .ifPresent(why -> problems.add(problem(fileKey, file, "holds something that " + why)));
                } else {
                    raw.remove(fileKey);
                    text.ifPresent(given -> raw.put(secret.key(), given));
                }
            }
        }
        return problems;
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

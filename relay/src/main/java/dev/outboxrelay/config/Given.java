package dev.outboxrelay.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The texts that were given, read one setting at a time, and the problems met on the way. For one thread. */
final class Given {

    private final Map<String, RawValue> raw;
    private final List<Problem> problems = new ArrayList<>();

    Given(Map<String, RawValue> raw) {
        this.raw = raw;
    }

    List<Problem> problems() {
        return problems;
    }

    /** Whether a text was given for this key; a blank one counts as not given. */
    boolean has(Setting<?> setting) {
        return text(setting).isPresent();
    }

    /** The setting's value or its default; empty where there is neither, or where the text is bad. Reports nothing. */
    <T> Optional<T> find(Setting<T> setting) {
        return text(setting)
                .map(RawValue::text)
                .or(() -> Optional.ofNullable(setting.defaultText()))
                .flatMap(text -> setting.type().parse(text).fold(Optional::of, why -> Optional.empty()));
    }

    /** The value of a setting that {@link #check} found nothing wrong with and that is required or has a default. */
    <T> T get(Setting<T> setting) {
        return find(setting).orElseThrow(() -> new IllegalStateException(setting.key() + " was not checked"));
    }

    /** Reports what is wrong with one setting on its own. */
    void check(Setting<?> setting) {
        Optional<RawValue> given = text(setting);
        if (given.isEmpty()) {
            if (setting.required()) {
                problems.add(new Problem(
                        setting.key(),
                        "nowhere set",
                        "it is required",
                        "Set it to " + setting.allowed() + ", in the file or as " + setting.variable() + "."));
            }
            return;
        }
        String text = given.get().text();
        setting.type().parse(text).fold(value -> true, why -> {
            String shown = setting.isSecret() ? "the value" : "'" + Redaction.redact(text) + "'";
            return report(setting, shown + " " + why, "Set it to " + setting.allowed() + ".");
        });
    }

    /** Adds a problem of a setting, with where its value came from. */
    boolean report(Setting<?> setting, String why, String nextStep) {
        return problems.add(new Problem(setting.key(), origin(setting), why, nextStep));
    }

    String origin(Setting<?> setting) {
        return text(setting).map(RawValue::origin).orElse("default");
    }

    private Optional<RawValue> text(Setting<?> setting) {
        return Optional.ofNullable(raw.get(setting.key()))
                .filter(value -> !value.text().isBlank());
    }
}

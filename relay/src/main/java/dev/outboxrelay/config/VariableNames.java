package dev.outboxrelay.config;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The environment variables of the settings: {@code OUTBOX_POSTGRES_URL} for {@code outbox.postgres.url}, and
 * {@code OUTBOX_SOURCE_TABLES_0__TABLE} for {@code outbox.source.tables[0].table}.
 */
public final class VariableNames {

    /** A name this close to a known one is a slip of the hand, whatever it starts with. */
    private static final int SLIP = 2;

    private static final List<String> NAMES =
            SettingCatalog.all().stream().map(Setting::variable).toList();
    private static final List<String> ROOTS = SettingCatalog.all().stream()
            .map(setting -> Setting.variableOf(setting.key().split("\\.", -1)[1].replaceAll("\\[.*", "")))
            .distinct()
            .toList();
    private static final Pattern INDEX = Pattern.compile("_(\\d{1,4})__");

    private VariableNames() {}

    /** The key that a variable sets; empty where it sets none. */
    public static Optional<String> keyOf(String variable) {
        Matcher index = INDEX.matcher(variable);
        String generic = index.find() ? index.replaceFirst("_*__") : variable;
        return SettingCatalog.all().stream()
                .filter(setting -> setting.variable().equals(generic))
                .map(setting ->
                        setting.key().contains("[*]") ? setting.key().replace("*", index.group(1)) : setting.key())
                .findFirst();
    }

    /**
     * Whether a variable that sets nothing was meant for the relay: it starts with one of our roots, such as
     * {@code OUTBOX_NATS_}, or is a slip away from a known name. Others may belong to whoever shares the environment.
     */
    public static boolean isOurs(String variable) {
        return ROOTS.stream()
                        .map(root -> "OUTBOX_" + root)
                        .anyMatch(root -> variable.equals(root) || variable.startsWith(root + "_"))
                || NAMES.stream().anyMatch(name -> NearestName.edits(variable, name) <= SLIP);
    }

    /** The known variable that is nearest to an unknown one. */
    public static String nearest(String variable) {
        Matcher index = INDEX.matcher(variable);
        String shown = index.find() ? index.group(1) : "0";
        return NearestName.of(variable, NAMES).replace("*", shown);
    }
}

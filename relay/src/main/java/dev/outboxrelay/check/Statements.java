package dev.outboxrelay.check;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Statements that mend something and that more than one check needs. */
public final class Statements {

    private Statements() {}

    /** Sets a setting to a value where it takes effect for the relay: where somebody has set it for the role, there. */
    static List<Remedy> set(PostgresFacts facts, String name, String value) {
        List<Remedy> all = new ArrayList<>(release(facts, name));
        all.add(Remedy.sql("ALTER SYSTEM SET " + name + " = " + SqlText.text(value) + ";"));
        all.add(Remedy.sql("SELECT pg_reload_conf();"));
        return all;
    }

    /** The same for what takes a restart. */
    static Remedy setAndRestart(String name, String value) {
        return Remedy.sql("ALTER SYSTEM SET " + name + " = " + SqlText.text(value) + ";")
                .then("restart PostgreSQL (managed services have a parameter of their own)");
    }

    /** Takes back what somebody has set for the role or the database alone. */
    static List<Remedy> release(PostgresFacts facts, String name) {
        String source =
                facts.server().setting(name).map(PostgresFacts.Setting::source).orElse("");
        String role = SqlText.name(facts.role().name());
        String database = SqlText.name(facts.server().database());
        return switch (source) {
            case "user" -> List.of(Remedy.sql("ALTER ROLE " + role + " RESET " + name + ";"));
            case "database" -> List.of(Remedy.sql("ALTER DATABASE " + database + " RESET " + name + ";"));
            case "database user" ->
                List.of(Remedy.sql("ALTER ROLE " + role + " IN DATABASE " + database + " RESET " + name + ";"));
            default -> List.of();
        };
    }

    static String createSlot(String slot) {
        return "SELECT pg_create_logical_replication_slot(" + SqlText.text(slot) + ", 'pgoutput');";
    }

    static String dropSlot(String slot) {
        return "SELECT pg_drop_replication_slot(" + SqlText.text(slot) + ");";
    }

    /** Adds a table to the relay's publication, with the columns that the relay reads. */
    public static String addTable(Settings settings, String table) {
        return "ALTER PUBLICATION " + SqlText.name(settings.postgres().publication()) + " ADD TABLE " + table + ";";
    }

    /**
     * Takes a table out and puts it back in with the right columns, at one moment.
     *
     * @param filter which rows are sent, as before; null for all of them
     */
    static String replaceTable(Settings settings, TableName table, String withColumns, @Nullable String filter) {
        String publication = SqlText.name(settings.postgres().publication());
        return "BEGIN; ALTER PUBLICATION " + publication + " DROP TABLE " + SqlText.name(table) + "; "
                + addTable(settings, withColumns + (filter == null ? "" : " WHERE (" + filter + ")")) + " COMMIT;";
    }

    /**
     * The same for a mapped table.
     *
     * @param filter the one that it has; it stays unless the configuration says another
     */
    public static String replaceTable(Settings settings, TableMapping table, @Nullable String filter) {
        return replaceTable(
                settings, table.name(), published(table), table.publicationFilter() == null ? filter : null);
    }

    /** A mapped table as a publication should hold it: with its columns, and with the filter that is configured. */
    public static String published(TableMapping table) {
        String filter = table.publicationFilter();
        return SqlText.name(table.name()) + " (" + SqlText.names(table.columns()) + ")"
                + (filter == null ? "" : " WHERE (" + filter + ")");
    }

    /**
     * Whether two row filters look the same: the server writes one in its own way, with parentheses and types that
     * nobody has to write.
     */
    static boolean isSameFilter(String one, String other) {
        return plain(one).equals(plain(other));
    }

    private static final String TYPE =
            "::(character varying|timestamp with(out)? time zone|double precision|\"?\\w+\"?)(\\(\\d+\\))?(\\[])?";

    private static String plain(String filter) {
        return filter.replaceAll(TYPE, "")
                .replaceAll("[\\s()\"]", "")
                .replace("!=", "<>")
                .toLowerCase(Locale.ROOT)
                .replace("~~", "like")
                .replaceAll("=anyarray\\[(.*?)]", "in$1");
    }

    /** A policy that lets the relay see and settle every row. */
    public static String seesAll(TableName table, String role) {
        return "CREATE POLICY outbox_relay_sees_all ON " + SqlText.name(table) + " TO " + SqlText.name(role)
                + " USING (true) WITH CHECK (true);";
    }

    public static String policyChange() {
        return SqlText.name(Change.PolicyChanged.TABLE) + " (" + SqlText.names(Change.PolicyChanged.COLUMNS) + ")";
    }

    /** Installs versions of the schema, in their order. */
    static Remedy migrate(PostgresFacts facts, List<String> files) {
        return Remedy.shell("psql -d " + SqlText.shell(facts.server().database())
                + " -v ON_ERROR_STOP=1 --single-transaction -f schema/" + String.join(" -f schema/", files));
    }
}

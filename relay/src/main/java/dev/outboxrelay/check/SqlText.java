package dev.outboxrelay.check;

import dev.outboxrelay.event.TableName;
import java.util.Collection;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names and texts as SQL and a shell take them, quoted where they have to be. */
public final class SqlText {

    private static final Pattern PLAIN = Pattern.compile("[a-z_][a-z0-9_]*");
    private static final Pattern SHELL_PLAIN = Pattern.compile("[A-Za-z0-9_./:=,+@%-]+");

    /** Words that are no names without quotes (PostgreSQL documentation, appendix C: reserved). */
    private static final Set<String> RESERVED =
            Set.of(("all analyse analyze and any array as asc asymmetric authorization"
                            + " between bigint binary bit boolean both case cast char character check coalesce collate collation"
                            + " column concurrently constraint create cross current_catalog current_date current_role"
                            + " current_schema current_time current_timestamp current_user dec decimal default deferrable desc"
                            + " distinct do else end except exists extract false fetch float for foreign freeze from full grant"
                            + " greatest group grouping having ilike in initially inner inout int integer intersect interval into"
                            + " is isnull join lateral leading least left like limit localtime localtimestamp national natural"
                            + " nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps"
                            + " overlay placing position precision primary public real references returning right row select"
                            + " session_user setof similar smallint some substring symmetric system_user table tablesample then"
                            + " time timestamp to trailing treat trim true union unique user using values varchar variadic"
                            + " verbose when where window with xmlattributes")
                    .split(" "));

    private SqlText() {}

    /** A name. */
    public static String name(String name) {
        return PLAIN.matcher(name).matches() && !RESERVED.contains(name)
                ? name
                : '"' + name.replace("\"", "\"\"") + '"';
    }

    static String name(String schema, String table) {
        return name(schema) + '.' + name(table);
    }

    public static String name(TableName table) {
        return name(table.schema(), table.table());
    }

    static String names(Collection<String> names) {
        return names.stream().map(SqlText::name).collect(Collectors.joining(", "));
    }

    /** A text. */
    public static String text(String text) {
        return '\'' + text.replace("'", "''") + '\'';
    }

    /** One argument of a command. */
    static String shell(String argument) {
        return SHELL_PLAIN.matcher(argument).matches() ? argument : '\'' + argument.replace("'", "'\\''") + '\'';
    }
}

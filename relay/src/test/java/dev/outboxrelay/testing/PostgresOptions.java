package dev.outboxrelay.testing;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a {@link TestPostgres} is started.
 *
 * @param version the major version: 18, or 15, the oldest supported
 * @param durable whether commits wait for the disk; without it a killed Postgres still keeps all its data, and only a
 *     crash of the machine would not
 * @param settings further lines of {@code postgresql.conf}; they win over the defaults
 * @param mode as a process or in a container
 */
public record PostgresOptions(int version, boolean durable, Map<String, String> settings, ServerMode mode) {
    public PostgresOptions {
        settings = Map.copyOf(settings);
    }

    /** The version of {@code -Dpostgres.version} (18 by default), fast, with {@code wal_level=logical}. */
    public static PostgresOptions defaults() {
        int version = Integer.parseInt(ServerMode.property("postgres.version", "18"));
        return new PostgresOptions(version, false, Map.of(), ServerMode.current());
    }

    /** The same on another major version. */
    public PostgresOptions onVersion(int other) {
        return new PostgresOptions(other, durable, settings, mode);
    }

    /** The same with {@code fsync=on}. */
    public PostgresOptions flushedToDisk() {
        return new PostgresOptions(version, true, settings, mode);
    }

    /** The same with a setting, for example {@code with("max_slot_wal_keep_size", "64MB")}. */
    public PostgresOptions with(String setting, String value) {
        Map<String, String> more = new LinkedHashMap<>(settings);
        more.put(setting, value);
        return new PostgresOptions(version, durable, more, mode);
    }

    /** The same in a container, whatever {@code -Dservers} says; {@link DockerEngine#assume()} comes first. */
    public PostgresOptions inContainer() {
        return new PostgresOptions(version, durable, settings, ServerMode.CONTAINERS);
    }

    /** Returns the lines of {@code postgresql.conf}, after those that the caller adds in front. */
    String configuration(Map<String, String> place) {
        Map<String, String> all = new LinkedHashMap<>(place);
        all.put("wal_level", "logical");
        all.put("fsync", durable ? "on" : "off");
        all.put("shared_buffers", "32MB");
        all.put("log_line_prefix", "%m [%p] ");
        all.putAll(settings);
        StringBuilder lines = new StringBuilder();
        all.forEach((name, value) -> lines.append(name)
                .append(" = '")
                .append(value.replace("'", "''"))
                .append("'\n"));
        return lines.toString();
    }
}

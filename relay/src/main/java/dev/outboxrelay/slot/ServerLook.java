package dev.outboxrelay.slot;

import dev.outboxrelay.check.PostgresFacts.Role;
import dev.outboxrelay.check.PostgresFacts.Server;
import dev.outboxrelay.check.PostgresFacts.Setting;
import dev.outboxrelay.check.Seen;
import dev.outboxrelay.event.TableName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads what holds for the server as a whole, and for the connection's role. */
final class ServerLook {

    private static final String SETTINGS =
            "SELECT name, setting, unit, source FROM pg_catalog.pg_settings WHERE name = ANY ("
                    + "ARRAY['wal_level', 'max_replication_slots', 'max_wal_senders', 'max_connections',"
                    + " 'superuser_reserved_connections', 'reserved_connections', 'wal_sender_timeout', 'max_slot_wal_keep_size',"
                    + " 'idle_replication_slot_timeout', 'synchronized_standby_slots', 'default_transaction_read_only',"
                    + " 'data_directory'])";

    private static final String COUNTS = "SELECT pg_catalog.current_setting('server_version_num'),"
            + " pg_catalog.current_setting('server_version'), pg_catalog.pg_is_in_recovery(),"
            + " pg_catalog.current_database(), (SELECT count(*) FROM pg_catalog.pg_replication_slots),"
            + " (SELECT count(*) FROM pg_catalog.pg_stat_get_wal_senders()),"
            + " (SELECT coalesce(sum(numbackends), 0) FROM pg_catalog.pg_stat_database),"
            + " pg_catalog.host(pg_catalog.inet_server_addr()) IN ('127.0.0.1', '::1')";

    private static final String OBJECTS = """
            SELECT n.nspname || '.' || c.relname
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'outbox'
            UNION ALL
            SELECT n.nspname || '.' || c.relname || '.' || a.attname
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE n.nspname = 'outbox' AND c.relkind IN ('r', 'p')
            UNION ALL
            SELECT n.nspname || '.' || p.proname || '()'
              FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = 'outbox'
            """;

    private static final String ROLE = """
            SELECT r.rolname, r.rolsuper,
                   r.rolreplication OR EXISTS (SELECT FROM pg_catalog.pg_roles m
                                                WHERE m.rolname = 'rds_replication' AND pg_catalog.pg_has_role(m.oid, 'MEMBER')),
                   r.rolbypassrls, r.rolcreatedb, r.rolcreaterole, r.rolconnlimit,
                   ARRAY(SELECT m.rolname::text FROM pg_catalog.pg_roles m
                          WHERE NOT r.rolsuper AND m.oid <> r.oid AND pg_catalog.pg_has_role(m.oid, 'MEMBER') ORDER BY 1),
                   ARRAY(SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
                           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                          WHERE c.relowner = r.oid AND n.nspname || '.' || c.relname = ANY (?) ORDER BY 1)
              FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
            """;

    private static final String FORBIDDEN = """
            SELECT 'pg_catalog.' || pg_catalog.quote_ident(p.proname) || '('
                     || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')'
              FROM pg_catalog.pg_proc p
             WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
               AND p.proname = ANY (ARRAY['pg_control_system', 'pg_current_wal_lsn', 'pg_walfile_name',
                     'pg_current_snapshot', 'pg_is_in_recovery', 'pg_logical_emit_message', 'pg_try_advisory_lock',
                     'pg_advisory_lock_shared', 'pg_terminate_backend', 'pg_backend_pid'])
               AND NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
             ORDER BY 1
            """;

    private ServerLook() {}

    static Server server(Connection connection, InstantSource clock) throws SQLException {
        Map<String, Setting> settings = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(SETTINGS);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                settings.put(row.getString(1), new Setting(row.getString(2), row.getString(3), row.getString(4)));
            }
        }
        Duration ahead = ahead(connection, clock);
        Set<String> objects = objects(connection);
        try (PreparedStatement statement = connection.prepareStatement(COUNTS);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return new Server(
                    row.getInt(1),
                    row.getString(2),
                    row.getBoolean(3),
                    row.getString(4),
                    Map.copyOf(settings),
                    row.getLong(5),
                    row.getLong(6),
                    row.getLong(7),
                    ahead,
                    freeDisk(row.getBoolean(8), settings.get("data_directory")),
                    objects);
        }
    }

    /** Half of the way there and back is on either side of the server's look at its clock. */
    private static Duration ahead(Connection connection, InstantSource clock) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_catalog.clock_timestamp()")) {
            Instant before = clock.instant();
            try (ResultSet row = statement.executeQuery()) {
                Instant after = clock.instant();
                row.next();
                Instant server = row.getObject(1, OffsetDateTime.class).toInstant();
                return Duration.between(
                        before.plus(Duration.between(before, after).dividedBy(2)), server);
            }
        }
    }

    private static Set<String> objects(Connection connection) throws SQLException {
        Set<String> objects = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(OBJECTS);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                objects.add(row.getString(1));
            }
        }
        return Set.copyOf(objects);
    }

    /** Known where the server is on this machine and this role may read where its data is. */
    private static Seen<Long> freeDisk(boolean local, @org.jspecify.annotations.Nullable Setting directory) {
        if (directory == null) {
            return Seen.hidden("PostgreSQL tells nobody how much of its disk is free");
        }
        Path wal = Path.of(directory.value(), "pg_wal");
        if (!local || !Files.isDirectory(Path.of(directory.value()))) {
            return Seen.hidden("the server is on another machine");
        }
        try {
            return Seen.of(Files.getFileStore(Files.exists(wal) ? wal : Path.of(directory.value()))
                    .getUsableSpace());
        } catch (IOException e) {
            return Seen.hidden("the disk cannot be looked at: " + e.getMessage());
        }
    }

    static Role role(Connection connection, Set<TableName> tables) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ROLE)) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text", tables.stream().map(TableName::toString).toArray()));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Role(
                        row.getString(1),
                        row.getBoolean(2),
                        row.getBoolean(3),
                        row.getBoolean(4),
                        row.getBoolean(5),
                        row.getBoolean(6),
                        row.getLong(7),
                        RelationLook.texts(row.getArray(8)),
                        RelationLook.texts(row.getArray(9)));
            }
        }
    }

    static List<String> forbidden(Connection connection) throws SQLException {
        List<String> functions = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(FORBIDDEN);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                functions.add(row.getString(1));
            }
        }
        return List.copyOf(functions);
    }
}

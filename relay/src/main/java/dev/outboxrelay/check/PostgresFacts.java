package dev.outboxrelay.check;

import dev.outboxrelay.event.TableName;
import dev.outboxrelay.policy.PolicyRow;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the relay's own role can see of the database that holds the outbox.
 *
 * @param relations the mapped tables and the relay's own, those that do not exist included
 * @param forbidden functions that the relay calls and its role may not, as {@code pg_catalog.name(types)}
 * @param attempts the relay's statements, run on no row
 * @param others publications beside the relay's that hold one of the relations and publish updates or deletes
 * @param slots every slot of the cluster, the relay's included
 * @param policies the rows of the policy tables
 * @param contents what the mapped tables hold
 */
public record PostgresFacts(
        Server server,
        Role role,
        List<Relation> relations,
        List<String> forbidden,
        List<Attempt> attempts,
        @Nullable Publication publication,
        List<OtherPublication> others,
        List<Slot> slots,
        Seen<List<PolicyRow>> policies,
        List<Contents> contents) {

    /** A setting in force for the relay's sessions; {@code source} as in {@code pg_settings}. */
    public record Setting(String value, @Nullable String unit, String source) {}

    /**
     * The server.
     *
     * @param version as {@code server_version_num}
     * @param shownVersion for people
     * @param settings by name; one that the version does not have, or that is hidden, is absent
     * @param slots how many slots there are
     * @param senders how many connections replicate
     * @param connections how many connections there are
     * @param ahead how far its clock is ahead of this machine's
     * @param freeDisk bytes that are free where the WAL is
     * @param objects which of the objects that tell the schema's version exist
     */
    public record Server(
            int version,
            String shownVersion,
            boolean standby,
            String database,
            Map<String, Setting> settings,
            long slots,
            long senders,
            long connections,
            Duration ahead,
            Seen<Long> freeDisk,
            Set<String> objects) {

        Optional<Setting> setting(String name) {
            return Optional.ofNullable(settings.get(name));
        }

        /** A whole number; 0 where there is no such setting. */
        long number(String name) {
            return setting(name).map(setting -> Long.parseLong(setting.value())).orElse(0L);
        }
    }

    /**
     * The relay's role.
     *
     * @param replication the attribute, or a membership that stands for it on a managed service
     * @param connectionLimit -1 for none
     * @param memberOf roles whose rights it has
     * @param owns relations of interest that it owns
     */
    public record Role(
            String name,
            boolean superuser,
            boolean replication,
            boolean bypassRls,
            boolean createDb,
            boolean createRole,
            long connectionLimit,
            List<String> memberOf,
            List<String> owns) {}

    /**
     * A table of interest.
     *
     * @param kind as {@code relkind}; empty where there is none
     * @param usage whether the role may look into its schema
     * @param privileges which the role has on the table as a whole, however it got them
     * @param columns its columns in their order; empty where there is no such table
     * @param grants what the access list says, for the role and whatever it belongs to
     * @param rowSecurity whether it applies to this role
     * @param identity whether it has a replica identity
     * @param primaryKey whether it has one
     * @param statusIndexes names of indexes, those of partitions included, that name a column which marks change
     */
    public record Relation(
            TableName name,
            String kind,
            boolean usage,
            Set<String> privileges,
            List<Column> columns,
            List<Grant> grants,
            boolean rowSecurity,
            List<Policy> policies,
            boolean identity,
            boolean primaryKey,
            List<String> statusIndexes) {

        /** Whether there is such a table. */
        public boolean exists() {
            return !kind.isEmpty();
        }

        /** Whether row-level security hides every row, because no policy is for this role. */
        public boolean hidesAll() {
            return rowSecurity && policies.isEmpty();
        }

        /** In their order; to be changed by whoever asks. */
        public Set<String> columnNames() {
            return columns.stream()
                    .map(Column::name)
                    .collect(java.util.stream.Collectors.toCollection(java.util.LinkedHashSet::new));
        }
    }

    /** A column, and which of SELECT, INSERT and UPDATE the role has on it. */
    public record Column(String name, Set<String> privileges) {}

    /**
     * An entry of an access list.
     *
     * @param column null for the whole table
     * @param grantee who has it: the role, {@code PUBLIC}, or a role that it belongs to
     */
    public record Grant(String privilege, @Nullable String column, String grantee) {}

    /**
     * A row security policy that applies to the role.
     *
     * @param command {@code r}, {@code a}, {@code w}, {@code d} or {@code *}
     * @param using null for none
     * @param check null for none
     */
    public record Policy(
            String name,
            boolean permissive,
            String command,
            @Nullable String using,
            @Nullable String check) {}

    /**
     * A statement that was tried.
     *
     * @param what in words
     * @param need which right it takes
     * @param state SQLSTATE of its failure; null when it went through
     */
    public record Attempt(
            String what,
            Need need,
            @Nullable String state,
            @Nullable String error) {}

    /** The relay's publication. */
    public record Publication(
            boolean allTables,
            boolean insert,
            boolean update,
            boolean delete,
            boolean truncate,
            boolean viaRoot,
            List<Published> tables) {}

    /**
     * A table of the relay's publication.
     *
     * @param bySchema whether it is there because its whole schema is
     */
    public record Published(
            String schema,
            String table,
            List<String> columns,
            @Nullable String filter,
            boolean bySchema) {

        boolean is(TableName name) {
            return schema.equals(name.schema()) && table.equals(name.table());
        }
    }

    /** A table of interest in a publication that sends its updates or deletes. */
    public record OtherPublication(String name, TableName table, boolean update, boolean delete) {}

    /**
     * A replication slot.
     *
     * @param pid who reads it; null for nobody
     * @param reader that session's role; null where nobody reads or it cannot be seen
     * @param retained bytes of WAL that it keeps
     * @param invalidation why it can never be read again; null where it can or the version does not tell
     * @param failover whether standbys keep a copy; null where the version knows none
     */
    public record Slot(
            String name,
            String type,
            @Nullable String plugin,
            @Nullable String database,
            boolean temporary,
            @Nullable Integer pid,
            @Nullable String reader,
            long retained,
            String walStatus,
            @Nullable String invalidation,
            @Nullable Boolean failover) {}

    /**
     * What a mapped table holds.
     *
     * @param payload the column with the payload
     */
    public record Contents(TableName table, String payload, Seen<Rows> rows) {

        /** Tenants with rows, and the largest payload in bytes; 0 where there is none. */
        public record Rows(List<String> tenants, long largest) {
            public Rows {
                tenants = List.copyOf(tenants);
            }
        }
    }

    public PostgresFacts {
        relations = List.copyOf(relations);
        forbidden = List.copyOf(forbidden);
        attempts = List.copyOf(attempts);
        others = List.copyOf(others);
        slots = List.copyOf(slots);
        contents = List.copyOf(contents);
    }

    Optional<Relation> relation(TableName name) {
        return relations.stream()
                .filter(relation -> relation.name().equals(name) && relation.exists())
                .findFirst();
    }

    Optional<Slot> slot(String name) {
        return slots.stream().filter(slot -> slot.name().equals(name)).findFirst();
    }
}

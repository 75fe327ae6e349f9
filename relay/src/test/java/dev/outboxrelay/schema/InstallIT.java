package dev.outboxrelay.schema;

import static dev.outboxrelay.schema.SchemaDatabase.run;
import static dev.outboxrelay.schema.Sql.execute;
import static dev.outboxrelay.schema.Sql.failing;
import static dev.outboxrelay.schema.Sql.rows;
import static dev.outboxrelay.schema.Sql.value;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Installing and removing: by whom, how often, in which order, and what is left afterwards. */
@ParameterizedClass
@EnumSource(SchemaServer.class)
final class InstallIT {
    private static final String OBJECT_IN_USE = "55006";
    private static final String NOT_IN_PREREQUISITE_STATE = "55000";
    private static final String DUPLICATE_OBJECT = "42710";
    private static final String DUPLICATE_SCHEMA = "42P06";
    private static final String DEPENDENT_OBJECTS = "2BP01";

    private static final String MESSAGE =
            "INSERT INTO outbox.message (tenant_id, subject, payload) VALUES ('acme', 'a.b', '')";

    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final SchemaDatabase database;

    InstallIT(SchemaServer server) throws SQLException {
        database = new SchemaDatabase(server);
    }

    @BeforeEach
    void nothing_is_installed() throws Exception {
        try (Connection admin = database.superuser()) {
            assertThat(leftovers(admin)).isEmpty();
        }
    }

    @AfterEach
    void drop_the_database() throws Exception {
        database.close();
    }

    @Test
    void every_table_column_and_function_says_what_it_is_for() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            assertThat(rows(admin, """
                            SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                             WHERE c.relnamespace = 'outbox'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0
                               AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)
                            UNION ALL
                            SELECT 'function', p.proname FROM pg_proc p
                             WHERE p.pronamespace = 'outbox'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
                            """)).isEmpty();
        }
    }

    @Test
    void a_message_has_no_constraint_but_not_null_and_its_key() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            assertThat(
                            rows(
                                    admin,
                                    "SELECT contype FROM pg_constraint WHERE conrelid = 'outbox.message'::regclass AND contype <> 'n'"))
                    .containsExactly("p");
        }
    }

    @Test
    void no_index_hinders_hot_updates_of_the_marks() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            execute(
                    admin,
                    "INSERT INTO outbox.message (tenant_id, subject, payload) SELECT 'a', 'b', '' FROM generate_series(1, 5)");
            execute(admin, "UPDATE outbox.message SET status = 'published', published_at = now()");

            assertThat(rows(
                            admin,
                            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'outbox' AND tablename = 'message'"))
                    .hasSize(2)
                    .noneMatch(index -> index.contains("status") || index.contains("published_at"));
            execute(admin, "SELECT pg_stat_force_next_flush()");
            assertThat(value(
                            admin,
                            "SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = 'outbox.message'::regclass"))
                    .isEqualTo("5");
        }
    }

    @Test
    void a_second_run_of_a_version_changes_nothing_and_says_so() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            assertThat(failing(admin, DUPLICATE_SCHEMA, text("V1__outbox.sql"))).contains("already exists");
        }
    }

    @Test
    void a_table_with_dead_letters_is_brought_up_to_date() throws Exception {
        try (Connection admin = database.superuser()) {
            run(admin, "V1__outbox.sql");
            run(admin, "V2__attach.sql");
            execute(admin, """
                    INSERT INTO outbox.dead_letter (slot, source, event_id, tenant_id, subject, payload, state)
                    VALUES ('s', 'outbox.message', '1', 'acme', 'a..b', '', 'dead'), ('s', 'outbox.message', '2', NULL, NULL, NULL, 'dead')
                    """);

            run(admin, "V3__parking.sql");

            assertThat(
                            rows(
                                    admin,
                                    "SELECT event_id, replay_subject, replay_headers, mark_due FROM outbox.dead_letter ORDER BY seq"))
                    .containsExactly("1 null null f", "2 null null f");
        }
    }

    @Test
    void policies_that_newer_constraints_forbid_stay_until_they_are_edited() throws Exception {
        try (Connection admin = database.superuser()) {
            run(admin, "V1__outbox.sql");
            execute(admin, "INSERT INTO outbox.tenant (tenant_id, max_age) VALUES ('acme', '1 ms')");

            run(admin, "V4__policies.sql");

            assertThat(failing(admin, "23514", "UPDATE outbox.tenant SET paused = true"))
                    .contains("tenant_max_age_range");
            execute(admin, "UPDATE outbox.tenant SET max_age = '1 day'");
        }
    }

    @Test
    void every_installation_has_a_key_of_its_own() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            String first = value(admin, "SELECT key FROM outbox.emit_key");
            run(admin, "uninstall.sql");
            database.install();

            assertThat(value(admin, "SELECT key FROM outbox.emit_key"))
                    .hasSize(66)
                    .isNotEqualTo(first);
        }
    }

    @Test
    void without_a_publication_of_that_name_the_policies_are_installed_with_a_warning() throws Exception {
        try (Connection admin = database.superuser()) {
            run(admin, "V1__outbox.sql");
            execute(admin, "ALTER PUBLICATION outbox RENAME TO mine");

            assertThat(run(admin, "V4__policies.sql")).anyMatch(notice -> notice.contains("no publication outbox"));
            execute(admin, "DROP PUBLICATION mine");
        }
    }

    @Test
    void a_dba_who_is_no_superuser_installs_and_uninstalls() throws Exception {
        try (Connection admin = database.superuser()) {
            execute(admin, "CREATE ROLE dba CREATEROLE");
            execute(admin, "GRANT CREATE ON DATABASE schema_test TO dba");
            database.allowLogin("dba");
        }
        try (Connection dba = database.as("dba")) {
            assertThat(run(dba, "V1__outbox.sql"))
                    .anyMatch(notice -> notice.contains("outbox_relay has no REPLICATION attribute"));
            run(dba, "V2__attach.sql");
            run(dba, "V3__parking.sql");
            run(dba, "V4__policies.sql");
            run(dba, "V5__republish.sql");
            run(dba, "V6__tables.sql");
            run(dba, "optional/partitioned.sql");
            run(dba, "V7__emit.sql");
            run(dba, "V8__backlog.sql");
            run(dba, "optional/several-slots.sql");
            execute(dba, "SELECT outbox.add_share('outbox_relay_2', 'outbox_2')");
            assertThat(rows(dba, "SELECT pubname, rowfilter FROM pg_publication_tables WHERE rowfilter IS NOT NULL"))
                    .containsExactly("outbox_2 false");
            assertThat(failing(dba, NOT_IN_PREREQUISITE_STATE, "SELECT outbox.move_share('{1}', 'outbox_relay_2')"))
                    .contains("no relay reads slot outbox_relay_2");
            execute(dba, "DROP PUBLICATION outbox_2");
            assertThat(failing(dba, NOT_IN_PREREQUISITE_STATE, "SELECT outbox.emit('acme', 'a', '')"))
                    .contains("slot outbox_relay does not exist");
            execute(dba, "CREATE SCHEMA shop CREATE TABLE customer (id int, tenant text)");
            execute(dba, "SELECT outbox.attach('shop.customer', 'column:tenant', 'customers.{op}')");
            execute(dba, "INSERT INTO shop.customer VALUES (1, 'acme')");
            assertThat(rows(dba, "SELECT tenant_id, subject FROM outbox.message"))
                    .containsExactly("acme customers.insert");

            run(dba, "uninstall.sql");
        }
        try (Connection admin = database.superuser()) {
            assertThat(leftovers(admin)).isEmpty();
        }
    }

    @Test
    void the_slot_is_made_once_and_only_after_the_publication() throws Exception {
        try (Connection admin = database.superuser()) {
            assertThat(failing(admin, NOT_IN_PREREQUISITE_STATE, text("slot.sql")))
                    .contains("has no publication outbox", "V1__outbox.sql");
            database.install();

            try (Connection relay = database.as(SchemaDatabase.RELAY)) {
                assertThat(run(relay, "slot.sql")).containsExactly("slot outbox_relay created in database schema_test");
            }
            assertThat(run(admin, "slot.sql")).containsExactly("slot outbox_relay exists and fits: nothing to do");

            assertThat(rows(
                            admin,
                            "SELECT plugin, slot_type, database, temporary, two_phase FROM pg_replication_slots"))
                    .containsExactly("pgoutput logical schema_test f f");
        }
    }

    @Test
    void a_slot_of_that_name_which_does_not_fit_is_an_error_and_stays() throws Exception {
        database.install();
        try (Connection admin = database.superuser();
                Connection elsewhere = database.elsewhere()) {
            execute(admin, "SELECT pg_create_physical_replication_slot('outbox_relay')");
            assertThat(failing(admin, DUPLICATE_OBJECT, text("slot.sql")))
                    .contains("exists as a physical slot", "pg_drop_replication_slot");
            execute(admin, "SELECT pg_drop_replication_slot('outbox_relay')");
            execute(elsewhere, "SELECT pg_create_logical_replication_slot('outbox_relay', 'pgoutput')");
            assertThat(failing(admin, DUPLICATE_OBJECT, text("slot.sql")))
                    .contains("exists in database postgres, and this is schema_test");
            assertThat(value(admin, "SELECT count(*) FROM pg_replication_slots"))
                    .isEqualTo("1");
        }
    }

    @Test
    void uninstall_leaves_nothing_and_may_be_repeated() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            run(admin, "optional/grant-delete.sql");
            run(admin, "slot.sql");
            execute(admin, MESSAGE);
            run(admin, "optional/partitioned.sql");
            assertThat(run(admin, "optional/partitioned.sql"))
                    .contains("outbox.message is partitioned already: nothing to do");
            execute(admin, "CREATE SCHEMA shop CREATE TABLE customer (id int)");
            execute(admin, "SELECT outbox.attach('shop.customer', 'constant:acme', 'customers.{op}')");

            run(admin, "uninstall.sql");
            run(admin, "uninstall.sql");

            assertThat(leftovers(admin)).isEmpty();
            execute(admin, "INSERT INTO shop.customer VALUES (1)");
        }
    }

    @Test
    void an_outbox_on_which_something_of_yours_hangs_is_not_partitioned() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            execute(admin, MESSAGE);
            execute(admin, "CREATE VIEW public.mine AS SELECT id FROM outbox.message");
            execute(admin, "ALTER TABLE outbox.message ENABLE ROW LEVEL SECURITY");

            assertThat(failing(admin, DEPENDENT_OBJECTS, text("optional/partitioned.sql")))
                    .contains("view or rule of public.mine", "row-level security");

            execute(admin, "DROP VIEW public.mine; ALTER TABLE outbox.message DISABLE ROW LEVEL SECURITY");
            assertThat(failing(
                            admin,
                            "22023",
                            "SET outbox.partitions_from = '2020-01-01';" + text("optional/partitioned.sql")))
                    .contains("not in the future");
            assertThat(value(admin, "SELECT relkind FROM pg_class WHERE oid = 'outbox.message'::regclass"))
                    .isEqualTo("r");
            assertThat(value(admin, "SELECT count(*) FROM outbox.message")).isEqualTo("1");
        }
    }

    @Test
    void uninstall_touches_nothing_while_something_of_yours_hangs_on_the_outbox() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            run(admin, "slot.sql");
            execute(admin, "CREATE VIEW public.mine AS SELECT id FROM outbox.message");

            assertThat(failing(admin, DEPENDENT_OBJECTS, text("uninstall.sql"))).contains("view mine");

            assertThat(value(admin, "SELECT count(*) FROM pg_publication_tables WHERE pubname = 'outbox'"))
                    .isEqualTo("2");
            assertThat(value(admin, "SELECT count(*) FROM pg_replication_slots"))
                    .isEqualTo("1");
        }
    }

    @Test
    void uninstall_refuses_while_the_slot_is_in_use() throws Exception {
        database.install();
        try (Connection admin = database.superuser();
                Connection open = database.superuser()) {
            open.setAutoCommit(false);
            execute(open, "CREATE TABLE public.still_being_written (id int)");
            CompletableFuture<List<String>> slot = CompletableFuture.supplyAsync(this::createSlot);
            Await.until(
                    "the slot is active",
                    DEADLINE,
                    () -> value(admin, "SELECT count(*) FROM pg_replication_slots WHERE active")
                            .equals("1"));

            assertThat(failing(admin, OBJECT_IN_USE, text("uninstall.sql")))
                    .contains("in use by process", "Stop the relay");

            open.rollback();
            assertThat(slot.get(DEADLINE.toSeconds(), TimeUnit.SECONDS)).hasSize(1);
            assertThat(value(admin, "SELECT count(*) FROM pg_namespace WHERE nspname = 'outbox'"))
                    .isEqualTo("1");
        }
    }

    private List<String> createSlot() {
        try (Connection relay = database.as(SchemaDatabase.RELAY)) {
            return run(relay, "slot.sql");
        } catch (SQLException | IOException e) {
            throw new CompletionException(e);
        }
    }

    private static List<String> leftovers(Connection admin) throws Exception {
        return rows(admin, """
                SELECT 'schema', nspname FROM pg_namespace WHERE nspname = 'outbox'
                UNION ALL SELECT 'publication', pubname FROM pg_publication
                UNION ALL SELECT 'slot', slot_name FROM pg_replication_slots
                UNION ALL SELECT 'role', rolname FROM pg_roles WHERE rolname LIKE 'outbox%'
                UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE tgname LIKE 'outbox%'
                """);
    }

    private static String text(String file) throws IOException {
        return Files.readString(SchemaServer.file(file));
    }
}

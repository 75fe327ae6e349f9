package dev.outboxrelay.schema;

import static dev.outboxrelay.schema.Sql.execute;
import static dev.outboxrelay.schema.Sql.failing;
import static dev.outboxrelay.schema.Sql.rows;
import static dev.outboxrelay.schema.Sql.value;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;

/** Capture by rows and by statements: both write the same events, and the one is chosen where it is safe. */
@ParameterizedClass
@EnumSource(SchemaServer.class)
final class AttachLevelsIT {
    private static final String NOT_SUPPORTED = "0A000";
    private static final String NOT_IN_PREREQUISITE_STATE = "55000";
    private static final String INVALID_PARAMETER = "22023";

    private final SchemaDatabase database;
    private Connection owner;

    AttachLevelsIT(SchemaServer server) throws Exception {
        database = new SchemaDatabase(server);
        database.install();
        owner = database.superuser();
    }

    @BeforeEach
    void tables() throws Exception {
        execute(owner, """
                CREATE SCHEMA shop;
                CREATE TYPE shop.money AS (amount numeric, unit text);
                CREATE DOMAIN shop.short AS text CHECK (length(VALUE) < 50);
                CREATE TABLE shop.t (dropped int, id int PRIMARY KEY, tenant text, "changed" text, picked shop.short, price shop.money,
                  tags text[], at timestamptz DEFAULT '2026-01-01 00:00+00', doubled int GENERATED ALWAYS AS (id * 2) STORED);
                ALTER TABLE shop.t DROP COLUMN dropped;
                ALTER TABLE shop.t ADD COLUMN "late; --" text DEFAULT 'x''y';
                """);
    }

    @AfterEach
    void drop_the_database() throws Exception {
        owner.close();
        database.close();
    }

    @Test
    void both_levels_write_the_same_events() throws Exception {
        List<List<String>> written = new ArrayList<>();
        for (String level : List.of("row", "statement")) {
            execute(owner, "TRUNCATE shop.t, outbox.message");
            execute(
                    owner,
                    "SELECT outbox.attach('shop.t', 'column:tenant', 'a.{op}.{column:changed}-{column:id}', level => '"
                            + level + "')");

            everyKindOfStatement();

            written.add(events());
            execute(owner, "SELECT outbox.detach('shop.t')");
        }
        for (List<String> events : written) {
            assertThat(events).hasSize(3 + 3 + 2 + 2 + 2 + 4 + 1 + 1 + 2);
            assertThat(events.get(0))
                    .startsWith("acme a.insert.c1-1 {\"id\":1,\"tenant\":\"acme\",\"changed\":\"c1\",\"picked\":null,")
                    .endsWith("\"doubled\":2,\"late; --\":\"x'y\"}");
        }
        // within one INSERT … ON CONFLICT and one MERGE the kinds come one after the other by statements
        assertThat(written.get(1).subList(0, 10)).isEqualTo(written.get(0).subList(0, 10));
        assertThat(sorted(written.get(1))).isEqualTo(sorted(written.get(0)));
    }

    private void everyKindOfStatement() throws Exception {
        execute(
                owner,
                "INSERT INTO shop.t (id, tenant, changed, price, tags) VALUES (1, 'acme', 'c1', (1.5, 'EUR'), '{a,\"b,c\"}'),"
                        + " (3, 'beta', 'c3', null, null), (2, null, null, (null, '\"'), '{}')");
        execute(owner, "UPDATE shop.t SET picked = 'p' || id"); // 3
        owner.unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn(
                        "COPY shop.t (id, tenant, changed) FROM STDIN",
                        new java.io.StringReader("10\tacme\tcopied\n11\tacme\tcopied\n"));
        execute(owner, "UPDATE shop.t SET changed = 'same' WHERE false");
        execute(owner, "DELETE FROM shop.t WHERE id >= 10"); // 2
        execute(owner, """
                INSERT INTO shop.t (id, tenant, changed) VALUES (1, 'acme', 'conflict'), (20, 'acme', 'conflict')
                ON CONFLICT (id) DO UPDATE SET changed = excluded.changed;
                INSERT INTO shop.t (id, tenant) VALUES (1, 'never') ON CONFLICT DO NOTHING
                """); // 2
        execute(owner, """
                MERGE INTO shop.t USING (VALUES (1, 'm'), (2, null), (3, 'm'), (30, 'm')) s (id, v) ON t.id = s.id
                WHEN MATCHED AND s.v IS NULL THEN DELETE
                WHEN MATCHED THEN UPDATE SET changed = s.v
                WHEN NOT MATCHED THEN INSERT (id, tenant, changed) VALUES (s.id, 'acme', s.v)
                """); // 4
        owner.setAutoCommit(false);
        execute(owner, "INSERT INTO shop.t (id, tenant, changed) VALUES (40, 'acme', 'kept')"); // 1
        execute(owner, "SAVEPOINT a; INSERT INTO shop.t (id, tenant) SELECT g, 'lost' FROM generate_series(41, 50) g");
        execute(owner, "ROLLBACK TO a; UPDATE shop.t SET changed = 'after' WHERE id = 40"); // 1
        owner.commit();
        owner.setAutoCommit(true);
        execute(
                owner,
                "SET session_replication_role = replica; DELETE FROM shop.t WHERE id = 40; RESET session_replication_role");
        execute(
                owner,
                "WITH a AS (UPDATE shop.t SET changed = 'cte' WHERE id = 1 RETURNING id) UPDATE shop.t SET changed = 'cte'"
                        + " WHERE id = 3"); // 2
        execute(owner, "TRUNCATE shop.t");
    }

    @Test
    void cascades_and_deferred_constraints_are_statements_too() throws Exception {
        execute(owner, """
                CREATE TABLE shop.child (id int, t int REFERENCES shop.t ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
                SELECT outbox.attach('shop.child', 'constant:acme', 'child.{op}');
                SELECT outbox.attach('shop.t', 'column:tenant', 't.{op}', payload => 'columns:id');
                """);

        execute(owner, """
                BEGIN;
                INSERT INTO shop.child VALUES (1, 1), (2, 2);
                INSERT INTO shop.t (id, tenant) VALUES (1, 'acme'), (2, 'acme');
                DELETE FROM shop.t;
                COMMIT
                """);

        assertThat(rows(owner, "SELECT subject, count(*) FROM outbox.message GROUP BY 1 ORDER BY 1"))
                .containsExactly("child.delete 2", "child.insert 2", "t.delete 2", "t.insert 2");
    }

    /** From PostgreSQL 18 on, where they are what GENERATED means by itself. */
    @Test
    void columns_that_a_trigger_cannot_see_are_refused_instead_of_being_null() throws Exception {
        if (owner.getMetaData().getDatabaseMajorVersion() < 18) {
            return;
        }
        execute(
                owner,
                "CREATE TABLE shop.w (id int, tenant text, code text GENERATED ALWAYS AS (upper(tenant)) VIRTUAL)");
        for (String arguments : List.of(
                "'column:code', 'a', 'columns:id'",
                "'column:tenant', 'a.{column:code}', 'columns:id'",
                "'column:tenant', 'a', 'columns:id,code'",
                "'column:tenant', 'a'")) {
            assertThat(failing(owner, NOT_SUPPORTED, "SELECT outbox.attach('shop.w', " + arguments + ")"))
                    .contains("virtual generated columns: 'code' of shop.w");
        }

        execute(
                owner,
                "SELECT outbox.attach('shop.w', 'column:tenant', 'a', 'columns:id,tenant'); INSERT INTO shop.w VALUES (1, 'acme')");

        assertThat(events()).containsExactly("acme a {\"id\":1,\"tenant\":\"acme\"}");
    }

    /** The last event of a row has to be its last state. */
    @Test
    void a_row_that_a_trigger_changes_again_is_captured_in_that_order() throws Exception {
        execute(owner, """
                CREATE FUNCTION shop.again() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  UPDATE shop.t SET changed = 'again' WHERE id = NEW.id;
                  RETURN NULL;
                END $$;
                CREATE TRIGGER totals AFTER INSERT ON shop.t FOR EACH ROW EXECUTE FUNCTION shop.again();
                SELECT outbox.attach('shop.t', 'column:tenant', 't.{op}', payload => 'columns:changed');
                INSERT INTO shop.t (id, tenant, changed) VALUES (1, 'acme', 'first');
                """);

        assertThat(events())
                .containsExactly("acme t.insert {\"changed\":\"first\"}", "acme t.update {\"changed\":\"again\"}");
    }

    @Test
    void a_bulk_update_keeps_its_order_and_is_one_insert() throws Exception {
        execute(owner, "INSERT INTO shop.t (id, tenant) SELECT g, 'acme' FROM generate_series(1, 100000) g");
        execute(owner, "SELECT outbox.attach('shop.t', 'column:tenant', 't.{column:id}', payload => 'columns:id')");

        execute(owner, "UPDATE shop.t SET changed = 'x'");

        assertThat(value(owner, "SELECT count(*), count(DISTINCT subject) FROM outbox.message"))
                .isEqualTo("100000 100000");
        // rows lie in the order of their ids, so the update met them in that order
        assertThat(value(
                        owner,
                        "SELECT count(*) FROM (SELECT subject, lag(seq) OVER (ORDER BY substr(subject, 3)::int) AS before, seq"
                                + " FROM outbox.message) m WHERE before > seq"))
                .isEqualTo("0");
    }

    @Test
    void the_level_is_chosen_by_what_is_safe_and_is_told() throws Exception {
        execute(owner, """
                CREATE TABLE shop.parts (id int, tenant text) PARTITION BY LIST (id);
                CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES IN (1);
                CREATE TABLE shop.parent (id int);
                CREATE TABLE shop.child () INHERITS (shop.parent);
                CREATE TABLE shop.conditional (id int);
                SELECT outbox.attach('shop.t', 'constant:a', 'b');
                SELECT outbox.attach('shop.parts', 'constant:a', 'b');
                SELECT outbox.attach('shop.parent', 'constant:a', 'parent');
                SELECT outbox.attach('shop.child', 'constant:a', 'child');
                SELECT outbox.attach('shop.conditional', 'constant:a', 'b', operations => 'insert', "when" => 'NEW.id > 0');
                """);

        assertThat(rows(owner, "SELECT \"table\", level FROM outbox.attached ORDER BY 1::text"))
                .containsExactlyInAnyOrder(
                        "shop.t statement",
                        "shop.parts row",
                        "shop.parent row",
                        "shop.child row",
                        "shop.conditional row");
        for (String table : List.of("parts", "parent", "child")) {
            execute(owner, "SELECT outbox.detach('shop." + table + "')");
            assertThat(failing(
                            owner,
                            NOT_SUPPORTED,
                            "SELECT outbox.attach('shop." + table + "', 'constant:a', 'b', level => 'statement')"))
                    .contains("cannot be captured by statements");
        }
        assertThat(failing(
                        owner,
                        INVALID_PARAMETER,
                        "SELECT outbox.attach('shop.parts', 'constant:a', 'b', level => 'all')"))
                .contains("auto, row or statement");
        execute(owner, "SELECT outbox.detach('shop.conditional')");
        assertThat(
                        failing(
                                owner,
                                NOT_SUPPORTED,
                                "SELECT outbox.attach('shop.conditional', 'constant:a', 'b', \"when\" => 'true', level => 'statement')"))
                .contains("a condition");
    }

    @Test
    void rows_of_inheritance_children_are_their_own_whichever_table_a_statement_names() throws Exception {
        execute(owner, """
                CREATE TABLE shop.parent (id int);
                CREATE TABLE shop.child (more text) INHERITS (shop.parent);
                SELECT outbox.attach('shop.parent', 'constant:a', 'parent.{op}');
                INSERT INTO shop.child VALUES (1);
                UPDATE shop.parent SET id = 2;
                """);
        assertThat(events()).isEmpty();
        execute(owner, "SELECT outbox.attach('shop.child', 'constant:a', 'child.{op}')");

        execute(
                owner,
                "INSERT INTO shop.parent VALUES (5); UPDATE shop.parent SET id = id + 1; DELETE FROM shop.child");

        assertThat(rows(owner, "SELECT subject FROM outbox.message ORDER BY subject"))
                .containsExactly("child.delete", "child.update", "parent.insert", "parent.update");
    }

    @Test
    void a_table_that_is_captured_by_statements_cannot_come_under_a_parent_whose_statements_it_would_miss()
            throws Exception {
        execute(owner, """
                SELECT outbox.attach('shop.t', 'column:tenant', 't.{op}', operations => 'delete,update');
                CREATE TABLE shop.parent (id int);
                CREATE TABLE shop.root (LIKE shop.t INCLUDING GENERATED) PARTITION BY LIST (id);
                """);

        assertThat(failing(owner, NOT_SUPPORTED, "ALTER TABLE shop.t INHERIT shop.parent"))
                .contains("outbox_capture_no_parent");
        assertThat(failing(owner, NOT_SUPPORTED, "ALTER TABLE shop.root ATTACH PARTITION shop.t DEFAULT"))
                .contains("outbox_capture_no_parent");
        // enabled by whoever enables everything, it changes nothing
        execute(owner, "ALTER TABLE shop.t ENABLE TRIGGER ALL");
        execute(owner, "INSERT INTO shop.t (id, tenant) VALUES (1, 'acme'); UPDATE shop.t SET id = 2");
        assertThat(rows(owner, "SELECT subject FROM outbox.message")).containsExactly("t.update");

        // and a child that comes later cannot be attached beside it: its rows would be two events
        execute(owner, "CREATE TABLE shop.child () INHERITS (shop.t)");
        assertThat(failing(owner, NOT_IN_PREREQUISITE_STATE, "SELECT outbox.attach('shop.child', 'constant:a', 'b')"))
                .contains("shop.t, which shop.child inherits from, is captured by statements");
        execute(
                owner,
                "SELECT outbox.detach('shop.t'); SELECT outbox.attach('shop.t', 'column:tenant', 't.{op}');"
                        + " SELECT outbox.attach('shop.child', 'constant:a', 'child.{op}');"
                        + " INSERT INTO shop.child (id) VALUES (3); UPDATE shop.t SET id = id + 10");
        assertThat(rows(owner, "SELECT subject FROM outbox.message ORDER BY subject"))
                .containsExactly("child.insert", "child.update", "t.update", "t.update");
    }

    @Test
    void a_row_that_moves_to_another_partition_is_a_delete_and_an_insert() throws Exception {
        execute(owner, """
                CREATE TABLE shop.parts (id int, tenant text) PARTITION BY LIST (id);
                CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES IN (1);
                CREATE TABLE shop.parts_2 PARTITION OF shop.parts FOR VALUES IN (2) PARTITION BY LIST (tenant);
                CREATE TABLE shop.parts_2_a PARTITION OF shop.parts_2 DEFAULT;
                SELECT outbox.attach('shop.parts', 'column:tenant', 'p.{op}');
                INSERT INTO shop.parts VALUES (1, 'a');
                UPDATE shop.parts SET id = 2;
                UPDATE shop.parts_2_a SET tenant = 'b';
                """);

        assertThat(events())
                .containsExactly(
                        "a p.insert {\"id\":1,\"tenant\":\"a\"}",
                        "a p.delete {\"id\":1,\"tenant\":\"a\"}",
                        "a p.insert {\"id\":2,\"tenant\":\"a\"}",
                        "b p.update {\"id\":2,\"tenant\":\"b\"}");
    }

    @Test
    void hostile_names_values_and_casts_gain_nothing_by_statements() throws Exception {
        execute(owner, """
                CREATE TABLE shop.log (who text, may boolean);
                GRANT USAGE ON SCHEMA shop TO PUBLIC;
                GRANT INSERT ON shop.log TO PUBLIC;
                CREATE TYPE shop.trap AS ENUM ('x');
                CREATE FUNCTION shop.spring(shop.trap) RETURNS json LANGUAGE plpgsql AS $$
                BEGIN
                  INSERT INTO shop.log VALUES (current_user, has_any_column_privilege('outbox.message', 'SELECT, UPDATE'));
                  RETURN '{}';
                END $$;
                CREATE CAST (shop.trap AS json) WITH FUNCTION shop.spring(shop.trap);
                CREATE TABLE shop."t'; DROP TABLE x; --" ("te nant; --" text, "a'b" shop.trap, "outbox_new" text, "changed" text, "picked" text);
                SELECT outbox.attach('shop."t''; DROP TABLE x; --"', 'column:te nant; --', 'x.{column:a''b}.{column:outbox_new}',
                  'columns:a''b,picked,changed', level => 'statement');
                """);

        execute(
                owner,
                "SET search_path = shop, pg_catalog; INSERT INTO \"t'; DROP TABLE x; --\" VALUES"
                        + " ('''||pg_sleep(9)||''', 'x', '{op}', '%I', '$1'), (null, null, null, null, null)");

        assertThat(events())
                .containsExactly(
                        "'||pg_sleep(9)||' x.x.{op} {\"a'b\":{},\"picked\":\"$1\",\"changed\":\"%I\"}",
                        " x.. {\"a'b\":null,\"picked\":null,\"changed\":null}");
        assertThat(rows(owner, "SELECT DISTINCT * FROM shop.log")).containsExactly("outbox_capture f");
    }

    @Test
    void what_was_attached_before_goes_on_and_so_do_the_rights_to_attach() throws Exception {
        try (Connection admin = database.superuser()) {
            SchemaDatabase.run(admin, "uninstall.sql");
            for (String version : SchemaServer.versions()) {
                if (version.startsWith("V6")) {
                    execute(admin, """
                            CREATE ROLE shop_owner;
                            ALTER SCHEMA shop OWNER TO shop_owner;
                            ALTER TABLE shop.t OWNER TO shop_owner;
                            GRANT USAGE ON SCHEMA outbox TO shop_owner;
                            GRANT EXECUTE ON FUNCTION outbox.attach, outbox.detach, outbox.capture TO shop_owner;
                            SET ROLE shop_owner;
                            SELECT outbox.attach('shop.t', 'column:tenant', 'old.{op}');
                            RESET ROLE;
                            """);
                }
                execute(admin, Files.readString(SchemaServer.file(version)));
            }
            assertThat(value(admin, "SELECT level FROM outbox.attached")).isEqualTo("row");
            execute(admin, "INSERT INTO shop.t (id, tenant) VALUES (1, 'acme')");
            execute(admin, "SET ROLE shop_owner");
            execute(admin, "SELECT outbox.detach('shop.t')");
            execute(admin, "SELECT outbox.attach('shop.t', 'column:tenant', 'new.{op}')");
            execute(admin, "RESET ROLE");
            execute(admin, "INSERT INTO shop.t (id, tenant) VALUES (2, 'acme')");

            assertThat(rows(admin, "SELECT subject FROM outbox.message ORDER BY seq"))
                    .containsExactly("old.insert", "new.insert");
            assertThat(value(admin, "SELECT level FROM outbox.attached")).isEqualTo("statement");
        }
    }

    private static List<String> sorted(List<String> events) {
        List<String> sorted = new ArrayList<>(events);
        Collections.sort(sorted);
        return sorted;
    }

    private List<String> events() throws SQLException {
        return rows(owner, "SELECT tenant_id, subject, convert_from(payload, 'UTF8') FROM outbox.message ORDER BY seq");
    }
}

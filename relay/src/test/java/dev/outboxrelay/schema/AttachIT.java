package dev.outboxrelay.schema;

import static dev.outboxrelay.schema.Sql.execute;
import static dev.outboxrelay.schema.Sql.failing;
import static dev.outboxrelay.schema.Sql.rows;
import static dev.outboxrelay.schema.Sql.value;
import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Capturing business tables: what is written, for whom, and that hostile names, values and types gain nothing. */
@ParameterizedClass
@EnumSource(SchemaServer.class)
final class AttachIT {
    private static final String WRONG_OBJECT_TYPE = "42809";
    private static final String DUPLICATE_OBJECT = "42710";
    private static final String UNDEFINED_OBJECT = "42704";
    private static final String UNDEFINED_COLUMN = "42703";
    private static final String INVALID_PARAMETER = "22023";

    private final SchemaDatabase database;
    private Connection owner;
    private Connection application;

    AttachIT(SchemaServer server) throws Exception {
        database = new SchemaDatabase(server);
        database.install();
        try (Connection admin = database.superuser()) {
            execute(admin, """
                    CREATE ROLE shop_owner;
                    CREATE ROLE shop_app;
                    CREATE SCHEMA shop AUTHORIZATION shop_owner;
                    GRANT USAGE ON SCHEMA outbox TO shop_owner;
                    GRANT EXECUTE ON FUNCTION outbox.attach, outbox.detach, outbox.capture TO shop_owner;
                    """);
        }
        database.allowLogin("shop_owner");
        database.allowLogin("shop_app");
        owner = database.as("shop_owner");
        application = database.as("shop_app");
    }

    @BeforeEach
    void a_business_table_and_an_application_without_rights_on_the_outbox() throws Exception {
        execute(owner, """
                CREATE TABLE shop.customer (id int PRIMARY KEY, tenant text, name text, document json);
                GRANT USAGE ON SCHEMA shop TO shop_app;
                GRANT ALL ON shop.customer TO shop_app;
                """);
    }

    @AfterEach
    void drop_the_database() throws Exception {
        owner.close();
        application.close();
        database.close();
    }

    @Test
    void each_change_becomes_an_event_in_the_same_transaction() throws Exception {
        execute(owner, "SELECT outbox.attach('shop.customer', tenant => 'column:tenant', subject => 'customers.{op}')");

        execute(application, "INSERT INTO shop.customer VALUES (1, 'acme', 'Ann', null)");
        execute(application, "UPDATE shop.customer SET name = 'Bea'");
        execute(application, "DELETE FROM shop.customer");
        application.setAutoCommit(false);
        execute(application, "INSERT INTO shop.customer VALUES (2, 'acme', 'never', null)");
        application.rollback();

        assertThat(events())
                .containsExactly(
                        "acme customers.insert {\"id\":1,\"tenant\":\"acme\",\"name\":\"Ann\",\"document\":null}",
                        "acme customers.update {\"id\":1,\"tenant\":\"acme\",\"name\":\"Bea\",\"document\":null}",
                        "acme customers.delete {\"id\":1,\"tenant\":\"acme\",\"name\":\"Bea\",\"document\":null}");
        failing(application, Sql.REFUSED, "SELECT 1 FROM outbox.message");
    }

    @Test
    void operations_condition_constant_tenant_and_columns_narrow_what_is_written() throws Exception {
        execute(owner, """
                SELECT outbox.attach('shop.customer', tenant => 'constant:acme', subject => 'c.{column:id}.{op}',
                  payload => 'columns:name,id', operations => 'update', "when" => 'OLD.name IS DISTINCT FROM NEW.name')
                """);

        execute(application, "INSERT INTO shop.customer VALUES (7, 'ignored', 'Ann', null)");
        execute(application, "UPDATE shop.customer SET tenant = 'x'");
        execute(application, "UPDATE shop.customer SET name = 'Bea'");

        assertThat(events()).containsExactly("acme c.7.update {\"name\":\"Bea\",\"id\":7}");
    }

    @Test
    void attached_tables_are_listed_until_they_are_detached() throws Exception {
        execute(
                owner,
                "SELECT outbox.attach('shop.customer', 'constant:Zoë', 'customers.{op}', operations => 'INSERT, delete')");
        try (Connection operator = database.as(SchemaDatabase.OPERATOR)) {
            assertThat(
                            rows(
                                    operator,
                                    "SELECT \"table\", tenant, subject, payload, operations, enabled, level FROM outbox.attached"))
                    .containsExactly("shop.customer constant:Zoë customers.{op} row insert,delete t statement");
            assertThat(failing(owner, DUPLICATE_OBJECT, "SELECT outbox.attach('shop.customer', 'constant:a', 'b')"))
                    .contains("attached already");

            execute(owner, "SELECT outbox.detach('shop.customer')");

            assertThat(rows(operator, "SELECT * FROM outbox.attached")).isEmpty();
            execute(application, "INSERT INTO shop.customer VALUES (1, 'acme', 'Ann', null)");
            assertThat(events()).isEmpty();
            assertThat(failing(owner, UNDEFINED_OBJECT, "SELECT outbox.detach('shop.customer')"))
                    .contains("not attached");
        }
    }

    @Test
    void partitions_are_captured_once_through_their_root_also_those_added_later() throws Exception {
        execute(owner, """
                CREATE TABLE shop.orders (id int, tenant text) PARTITION BY LIST (id);
                CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES IN (1);
                SELECT outbox.attach('shop.orders', 'column:tenant', 'orders.{op}');
                CREATE TABLE shop.orders_2 (tenant text, id int);
                ALTER TABLE shop.orders ATTACH PARTITION shop.orders_2 FOR VALUES IN (2);
                """);

        execute(owner, "INSERT INTO shop.orders VALUES (1, 'a'), (2, 'b')");
        execute(owner, "INSERT INTO shop.orders_1 VALUES (1, 'c')");

        assertThat(events())
                .containsExactly(
                        "a orders.insert {\"id\":1,\"tenant\":\"a\"}",
                        "b orders.insert {\"tenant\":\"b\",\"id\":2}",
                        "c orders.insert {\"id\":1,\"tenant\":\"c\"}");
        assertThat(failing(owner, WRONG_OBJECT_TYPE, "SELECT outbox.attach('shop.orders_1', 'constant:a', 'b')"))
                .contains("is a partition");
        execute(owner, "SELECT outbox.detach('shop.orders')");
        execute(owner, "INSERT INTO shop.orders VALUES (1, 'd')");
        assertThat(events()).hasSize(3);
    }

    @Test
    void values_of_rows_are_data_and_never_sql_or_template() throws Exception {
        execute(
                owner,
                "SELECT outbox.attach('shop.customer', 'column:tenant', 'c.{column:name}', payload => 'columns:document')");

        execute(
                application,
                "INSERT INTO shop.customer VALUES (1, '''; DROP TABLE outbox.message; --', '{op}{column:id}', '{\"a\":\"\\u0000\\ud800\"}')");
        execute(application, "INSERT INTO shop.customer VALUES (2, null, null, null)");

        assertThat(events())
                .containsExactly(
                        "'; DROP TABLE outbox.message; -- c.{op}{column:id} {\"document\":{\"a\":\"\\u0000\\ud800\"}}",
                        " c. {\"document\":null}");
    }

    @Test
    void names_that_need_quotes_are_quoted() throws Exception {
        execute(owner, """
                CREATE TABLE shop."Odd; DROP ""x" ("Te nant" text, "a'b""); --" text);
                SELECT outbox.attach('shop."Odd; DROP ""x"', 'column:Te nant', 'x.{column:a''b"); --}', 'columns:a''b"); --,Te nant');
                INSERT INTO shop."Odd; DROP ""x" VALUES ('acme', 'v');
                """);

        assertThat(events()).containsExactly("acme x.v {\"a'b\\\"); --\":\"v\",\"Te nant\":\"acme\"}");
        execute(owner, "SELECT outbox.detach('shop.\"Odd; DROP \"\"x\"')");
    }

    @Test
    void only_the_owner_may_attach_and_detach() throws Exception {
        try (Connection admin = database.superuser()) {
            execute(admin, """
                    GRANT USAGE ON SCHEMA outbox TO shop_app;
                    GRANT EXECUTE ON FUNCTION outbox.attach, outbox.detach, outbox.capture TO shop_app;
                    """);
        }
        assertThat(failing(application, Sql.REFUSED, "SELECT outbox.attach('shop.customer', 'constant:a', 'b')"))
                .contains("shop_app does not own shop.customer", "shop_owner");
        execute(owner, "SELECT outbox.attach('shop.customer', 'constant:a', 'b')");
        failing(application, Sql.REFUSED, "SELECT outbox.detach('shop.customer')");
    }

    @Test
    void code_behind_a_column_type_runs_with_no_more_than_the_right_to_insert_events() throws Exception {
        execute(owner, """
                CREATE TYPE shop.trap AS ENUM ('x');
                CREATE TABLE shop.log (who text, may_read boolean, may_forge boolean);
                GRANT INSERT ON shop.log TO PUBLIC;
                GRANT USAGE ON SCHEMA shop TO PUBLIC;
                CREATE FUNCTION shop.spring(shop.trap) RETURNS json LANGUAGE plpgsql AS $$
                BEGIN
                  INSERT INTO shop.log VALUES (current_user,
                    has_any_column_privilege('outbox.message', 'SELECT'),
                    has_any_column_privilege('outbox.message', 'UPDATE')
                      OR has_column_privilege('outbox.message', 'status', 'INSERT') OR has_schema_privilege('outbox', 'CREATE'));
                  RETURN '{}';
                END $$;
                CREATE CAST (shop.trap AS json) WITH FUNCTION shop.spring(shop.trap);
                CREATE TABLE shop.trapped (id int, t shop.trap);
                SELECT outbox.attach('shop.trapped', 'constant:acme', 't');
                """);

        try (Connection admin = database.superuser()) {
            execute(admin, "INSERT INTO shop.trapped VALUES (1, 'x')");
        }

        assertThat(rows(owner, "SELECT * FROM shop.log")).containsExactly("outbox_capture f f");
    }

    @Test
    void a_search_path_full_of_impostors_changes_nothing() throws Exception {
        execute(owner, "SELECT outbox.attach('shop.customer', 'column:tenant', 'customers.{op}')");
        execute(owner, "CREATE FUNCTION shop.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'stolen' $$");
        execute(
                owner,
                "CREATE FUNCTION shop.convert_to(text, name) RETURNS bytea LANGUAGE sql AS $$ SELECT 'stolen'::bytea $$");

        execute(
                application,
                "SET search_path = shop, pg_catalog; INSERT INTO shop.customer VALUES (1, 'acme', 'Ann', null)");

        assertThat(events())
                .containsExactly(
                        "acme customers.insert {\"id\":1,\"tenant\":\"acme\",\"name\":\"Ann\",\"document\":null}");
    }

    @Test
    void what_cannot_work_is_refused_when_it_is_attached() throws Exception {
        refused(UNDEFINED_COLUMN, "'shop.customer', 'column:nope', 'b'", "has no column 'nope'");
        refused(UNDEFINED_COLUMN, "'shop.customer', 'constant:a', 'b.{column:nope}'", "has no column 'nope'");
        refused(UNDEFINED_COLUMN, "'shop.customer', 'constant:a', 'b', 'columns:id, name'", "' name'");
        refused(INVALID_PARAMETER, "'shop.customer', 'acme', 'b'", "column:NAME or constant:VALUE");
        refused(INVALID_PARAMETER, "'shop.customer', 'constant:', 'b'", "column:NAME or constant:VALUE");
        refused(INVALID_PARAMETER, "'shop.customer', null, 'b'", "column:NAME or constant:VALUE");
        refused(INVALID_PARAMETER, "'shop.customer', E'constant:a\\\\b', 'b'", "no backslash");
        for (String subject : List.of(
                "''", "null", "'a..b'", "'.a'", "'a.'", "'a b'", "'a.*'", "'>'", "'a.{'", "'a.{table}'", "E'a\\n'")) {
            refused(INVALID_PARAMETER, "'shop.customer', 'constant:a', " + subject, "no subject template");
        }
        refused(INVALID_PARAMETER, "'shop.customer', 'constant:a', 'b', 'everything'", "row or columns:NAME");
        refused(
                INVALID_PARAMETER,
                "'shop.customer', 'constant:a', 'b', operations => ''",
                "some of insert,update,delete");
        refused(INVALID_PARAMETER, "'shop.customer', 'constant:a', 'b', operations => 'truncate'", "some of insert");
        refused(
                INVALID_PARAMETER,
                "'shop.customer', 'constant:a', 'b', operations => 'insert,insert'",
                "some of insert");
        execute(owner, "CREATE VIEW shop.a_view AS SELECT 1 AS id");
        refused(WRONG_OBJECT_TYPE, "'shop.a_view', 'constant:a', 'b'", "is no table");
        try (Connection admin = database.superuser()) {
            failing(admin, WRONG_OBJECT_TYPE, "SELECT outbox.attach('outbox.message', 'constant:a', 'b')");
            assertThat(value(admin, "SELECT count(*) FROM outbox.attached")).isEqualTo("0");
        }
    }

    private void refused(String state, String arguments, String saying) {
        assertThat(failing(owner, state, "SELECT outbox.attach(" + arguments + ")"))
                .contains(saying);
    }

    private List<String> events() throws SQLException {
        try (Connection admin = database.superuser()) {
            return rows(
                    admin, "SELECT tenant_id, subject, convert_from(payload, 'UTF8') FROM outbox.message ORDER BY seq");
        }
    }
}

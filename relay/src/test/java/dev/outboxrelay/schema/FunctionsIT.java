package dev.outboxrelay.schema;

import static dev.outboxrelay.schema.SchemaDatabase.OPERATOR;
import static dev.outboxrelay.schema.SchemaDatabase.WRITER;
import static dev.outboxrelay.schema.SchemaDatabase.run;
import static dev.outboxrelay.schema.Sql.execute;
import static dev.outboxrelay.schema.Sql.failing;
import static dev.outboxrelay.schema.Sql.rows;
import static dev.outboxrelay.schema.Sql.value;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What publish(), emit() and purge() do, and that the outbox takes whatever an application writes. */
@ParameterizedClass
@EnumSource(SchemaServer.class)
final class FunctionsIT {
    private static final String INVALID_PARAMETER = "22023";
    private static final String NOT_NULL = "23502";
    private static final String CHECK = "23514";
    private static final String NOT_IN_PREREQUISITE_STATE = "55000";
    private static final String EMIT = "SELECT outbox.emit('acme', 'a.b', '')";

    private final SchemaDatabase database;

    FunctionsIT(SchemaServer server) throws SQLException {
        database = new SchemaDatabase(server);
    }

    @BeforeEach
    void install() throws Exception {
        database.install();
    }

    @AfterEach
    void drop_the_database() throws Exception {
        database.close();
    }

    @Test
    void publish_returns_the_id_of_the_row_it_inserted() throws Exception {
        try (Connection writer = database.as(WRITER);
                Connection admin = database.superuser()) {
            UUID plain =
                    UUID.fromString(value(writer, "SELECT outbox.publish('acme', 'events.order.created', '\\x0001')"));
            UUID named = UUID.fromString(
                    value(
                            writer,
                            "SELECT outbox.publish(tenant_id => 'b', subject => 's', payload => '', headers => '{\"traceparent\": \"x\"}')"));

            assertThat(
                            rows(
                                    admin,
                                    "SELECT id, tenant_id, subject, payload, headers, status, published_at FROM outbox.message ORDER BY seq"))
                    .containsExactly(
                            plain + " acme events.order.created \\x0001 null pending null",
                            named + " b s \\x {\"traceparent\": \"x\"} pending null");
        }
    }

    @Test
    void publish_is_part_of_the_callers_transaction() throws Exception {
        try (Connection writer = database.as(WRITER);
                Connection admin = database.superuser()) {
            writer.setAutoCommit(false);
            value(writer, "SELECT outbox.publish('acme', 'a', '')");

            writer.rollback();

            assertThat(rows(admin, "SELECT 1 FROM outbox.message")).isEmpty();
        }
    }

    @Test
    void emit_writes_a_message_of_the_callers_transaction_and_no_row() throws Exception {
        try (Connection admin = database.superuser();
                Connection writer = database.as(WRITER)) {
            run(admin, "slot.sql");
            writer.setAutoCommit(false);
            String id = value(writer, "SELECT outbox.emit('größe', 'a.b', '\\x00ff', '{\"a\": \"b\"}')");
            writer.commit();
            value(writer, "SELECT outbox.emit('a', 'rolled.back', '')");
            writer.rollback();

            List<String> messages = rows(
                    admin,
                    "SELECT substr(data, 27) FROM pg_logical_slot_peek_binary_changes('outbox_relay', NULL, NULL,"
                            + " 'proto_version', '1', 'publication_names', 'outbox', 'messages', 'true')"
                            + " WHERE get_byte(data, 0) = ascii('M')");

            String body = id.replace("-", "")
                    + counted("outbox_relay")
                    + counted("größe")
                    + counted("a.b")
                    + counted("{\"a\": \"b\"}")
                    + "0000000200ff";
            assertThat(messages).hasSize(1);
            assertThat(messages.get(0)).endsWith(body);
            String sealed = messages.get(0).substring(0, messages.get(0).length() - body.length());
            assertThat(sealed).matches("..01[0-9a-f]{64}");
            assertThat(rows(
                            admin,
                            "SELECT sha256(key || sha256(key || '\\x01' || decode('" + body
                                    + "', 'hex'))) FROM outbox.emit_key"))
                    .containsExactly("\\x" + sealed.substring(sealed.length() - 64));
            assertThat(rows(admin, "SELECT 1 FROM outbox.message")).isEmpty();
        }
    }

    private static String counted(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return "%08x".formatted(bytes.length) + HexFormat.of().formatHex(bytes);
    }

    @Test
    void emit_refuses_nulls_and_what_no_slot_would_bring_to_the_relay() throws Exception {
        try (Connection admin = database.superuser();
                Connection writer = database.as(WRITER)) {
            assertThat(failing(writer, NOT_IN_PREREQUISITE_STATE, EMIT))
                    .contains("slot outbox_relay does not exist in database schema_test", "schema/slot.sql");
            run(admin, "slot.sql");
            execute(writer, EMIT);
            execute(writer, "SELECT outbox.emit('', ' *>.\n', '\\xff00', '[1, {\"Nats-Rollup\": null}]')");
            execute(writer, "SELECT outbox.emit(headers => NULL, payload => '', subject => '', tenant_id => '')");

            assertThat(failing(writer, NOT_NULL, "SELECT outbox.emit(NULL, 'a', '')"))
                    .contains("tenant_id must not be null");
            assertThat(failing(writer, NOT_NULL, "SELECT outbox.emit('a', NULL, '')"))
                    .contains("subject");
            assertThat(failing(writer, NOT_NULL, "SELECT outbox.emit('a', 'b', NULL)"))
                    .contains("payload");
            execute(
                    admin,
                    "CREATE OR REPLACE FUNCTION outbox.emit_slot(tenant_id text) RETURNS text LANGUAGE sql AS"
                            + " $$ SELECT nullif('relay_' || $1, 'relay_none') $$");
            assertThat(failing(writer, NOT_IN_PREREQUISITE_STATE, EMIT)).contains("slot relay_acme does not exist");
            assertThat(failing(writer, NOT_IN_PREREQUISITE_STATE, "SELECT outbox.emit('none', 'b', '')"))
                    .contains("slot null");
            execute(
                    admin,
                    "DELETE FROM outbox.emit_key; SELECT outbox.emit_slot('a');"
                            + " CREATE OR REPLACE FUNCTION outbox.emit_slot(tenant_id text) RETURNS text LANGUAGE sql AS"
                            + " $$ SELECT 'outbox_relay' $$");
            assertThat(failing(writer, NOT_IN_PREREQUISITE_STATE, EMIT)).contains("no key in outbox.emit_key");
        }
    }

    /** It waits for transactions that are writing, and brings nothing that is committed meanwhile. */
    @Test
    void emit_refuses_what_a_slot_that_is_just_being_made_would_not_bring() throws Exception {
        try (Connection admin = database.superuser();
                Connection open = database.superuser();
                Connection maker = database.superuser();
                Connection writer = database.as(WRITER)) {
            open.setAutoCommit(false);
            execute(open, "SELECT txid_current()");
            CompletableFuture<List<String>> made = CompletableFuture.supplyAsync(() -> {
                try {
                    return run(maker, "slot.sql");
                } catch (SQLException | IOException e) {
                    throw new AssertionError(e);
                }
            });
            Await.until(
                    "the slot waits for the open transaction",
                    () -> value(admin, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'outbox_relay'")
                            .equals("1"));

            assertThat(failing(writer, NOT_IN_PREREQUISITE_STATE, EMIT)).contains("is not complete yet");

            open.commit();
            made.join();
            execute(writer, EMIT);
        }
    }

    @Test
    void emit_runs_what_is_in_the_catalog_whatever_the_caller_puts_before_it() throws Exception {
        try (Connection admin = database.superuser();
                Connection writer = database.as(WRITER)) {
            run(admin, "slot.sql");
            execute(writer, """
                    CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
                    CREATE FUNCTION pg_temp.quote_ident(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
                    CREATE TEMP TABLE pg_replication_slots (slot_name text);
                    SET search_path = pg_temp, pg_catalog
                    """);
            execute(writer, EMIT);
        }
    }

    @Test
    void rows_that_break_every_rule_of_the_relay_are_accepted() throws Exception {
        try (Connection writer = database.as(WRITER)) {
            execute(writer, "SELECT outbox.publish('', '', '')");
            execute(
                    writer,
                    "SELECT outbox.publish(' *>.\n', 'tenant.other.>', '\\xff00', '[1, {\"Nats-Rollup\": null}]')");
            execute(writer, "SELECT outbox.publish(repeat('t', 100000), repeat('.', 100000), '', '\"text\"')");
            failing(writer, NOT_NULL, "SELECT outbox.publish(null, 'a', '')");
        }
    }

    @Test
    void purge_deletes_published_rows_beyond_the_age_in_bounded_batches() throws Exception {
        try (Connection admin = database.superuser();
                Connection operator = database.as(OPERATOR)) {
            insert(admin, 25, "published", "now() - interval '8 days'");
            insert(admin, 3, "published", "now() - interval '6 days'");
            insert(admin, 4, "pending", "null");
            insert(admin, 5, "failed", "null");

            assertThat(value(operator, "SELECT outbox.purge('7 days', 10)")).isEqualTo("10");
            assertThat(value(operator, "SELECT outbox.purge('7 days', 10)")).isEqualTo("10");
            assertThat(value(operator, "SELECT outbox.purge('7 days')")).isEqualTo("5");
            assertThat(value(operator, "SELECT outbox.purge('7 days')")).isEqualTo("0");

            assertThat(rows(admin, "SELECT status, count(*) FROM outbox.message GROUP BY 1 ORDER BY 1"))
                    .containsExactly("failed 5", "pending 4", "published 3");
        }
    }

    @Test
    void purge_skips_rows_that_somebody_has_locked() throws Exception {
        try (Connection admin = database.superuser();
                Connection operator = database.as(OPERATOR)) {
            insert(admin, 3, "published", "now() - interval '8 days'");
            admin.setAutoCommit(false);
            rows(admin, "SELECT id FROM outbox.message LIMIT 1 FOR UPDATE");

            assertThat(value(operator, "SELECT outbox.purge('7 days')")).isEqualTo("2");

            admin.rollback();
        }
    }

    @Test
    void purge_refuses_an_age_or_a_bound_that_makes_no_sense() throws Exception {
        try (Connection operator = database.as(OPERATOR)) {
            assertThat(failing(operator, INVALID_PARAMETER, "SELECT outbox.purge(null)"))
                    .contains("older_than");
            assertThat(failing(operator, INVALID_PARAMETER, "SELECT outbox.purge('-1 day')"))
                    .contains("older_than");
            assertThat(failing(operator, INVALID_PARAMETER, "SELECT outbox.purge('1 day', 0)"))
                    .contains("max_rows");
            assertThat(failing(operator, INVALID_PARAMETER, "SELECT outbox.purge('1 day', null)"))
                    .contains("max_rows");
        }
    }

    @Test
    void policies_that_cannot_be_right_are_refused_where_they_are_written() throws Exception {
        try (Connection operator = database.as(OPERATOR)) {
            for (String values : new String[] {
                "(tenant_id, max_age, duplicate_window) VALUES ('a', '1 min', '2 min')",
                "(tenant_id, replicas) VALUES ('a', 6)",
                "(tenant_id, max_messages) VALUES ('a', 0)",
                "(tenant_id, storage) VALUES ('a', 'tape')",
                "(tenant_id, poison) VALUES ('a', 'ignore')",
                "(tenant_id) VALUES ('')"
            }) {
                failing(operator, CHECK, "INSERT INTO outbox.tenant " + values);
            }
            for (String values : new String[] {
                "(name, priority, action) VALUES ('r', 1, 'rewrite')",
                "(name, priority, action) VALUES ('r', 1, 'copy')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', 'tenant.other.x')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', 'a..b')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'drop', 'a')",
                "(name, priority, action, subject_pattern) VALUES ('r', 1, 'drop', 'a.>.b')",
                "(name, priority, action, headers) VALUES ('r', 1, 'rewrite', '{\"NATS-Rollup\": \"all\"}')",
                "(name, priority, action, headers) VALUES ('r', 1, 'rewrite', '{\"a\": [\"b\"]}')",
                "(name, priority, action, headers) VALUES ('r', 1, 'rewrite', '[\"a\"]')",
                "(name, priority, action, headers) VALUES ('r', 1, 'rewrite', '{\"a\": \"größe\"}')",
                "(name, priority, action, headers) VALUES ('r', 1, 'rewrite', '{\"a b\": \"c\"}')",
                "(name, priority, action, subject_pattern) VALUES ('r', 1, 'drop', 'a*')",
                "(name, priority, action, subject_pattern) VALUES ('r', 1, 'drop', 'a.b>')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', 'TENANT.{1}')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', '{2}')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', '{0}')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', '{1')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', '{{1}}')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', '{header.a}')",
                "(name, priority, action, subject_template) VALUES ('r', 1, 'rewrite', 'größe')",
                "(name, priority, action, subject_pattern, subject_template) VALUES ('r', 1, 'rewrite', '*.*', '{rest}')",
                "(name, priority, action, subject_pattern, subject_template) VALUES ('r', 1, 'rewrite', '*.*', '{3}')"
            }) {
                failing(operator, CHECK, "INSERT INTO outbox.route " + values);
            }
            for (String values : new String[] {
                "(name) VALUES ('a.b')",
                "(name, backoff) VALUES ('a', '{1s, NULL}')",
                "(name, backoff, max_deliver) VALUES ('a', '{1s, 2s}', 1)",
                "(name, filter_subject) VALUES ('a', 'a. .b')"
            }) {
                failing(operator, CHECK, "INSERT INTO outbox.consumer " + values);
            }
            execute(operator, """
                    INSERT INTO outbox.route (name, priority, subject_pattern, action, subject_template, headers)
                    VALUES ('audit', 10, 'events.*.>', 'rewrite', 'audit.log', '{"a": "b"}'),
                      ('tokens', 11, 'events.*.>', 'rewrite', 'audit.{2}-{3}.{rest}', '{"X-Any!#$%&*+.^_`|~": " ~"}'),
                      ('long', 12, '*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*', 'rewrite', '{16}{1}', NULL),
                      ('rest', 13, '>', 'rewrite', 'tenants.{rest}|~', '{}')
                    """);
            execute(
                    operator,
                    "INSERT INTO outbox.consumer (name, backoff, max_deliver) VALUES ('billing', '{1s, 5s}', 3)");
            execute(
                    operator,
                    "INSERT INTO outbox.tenant (tenant_id, max_age, duplicate_window) VALUES ('not there yet', '0', '2 min')");
        }
    }

    private static void insert(Connection admin, int rows, String status, String publishedAt) throws SQLException {
        execute(
                admin,
                "INSERT INTO outbox.message (tenant_id, subject, payload, status, published_at, created_at) SELECT 'a', 'b', '', '%s', %s, now() - interval '9 days' FROM generate_series(1, %d)"
                        .formatted(status, publishedAt, rows));
    }

    @Test
    void partitions_are_only_made_and_dropped_of_a_partitioned_outbox_with_sensible_arguments() throws Exception {
        try (Connection operator = database.as(OPERATOR);
                Connection admin = database.superuser()) {
            assertThat(failing(operator, "42809", "SELECT outbox.make_partitions()"))
                    .contains("partitioned.sql");
            assertThat(failing(operator, "42809", "SELECT outbox.drop_partitions('1 day')"))
                    .contains("partitioned.sql");
            assertThat(rows(operator, "SELECT * FROM outbox.partitions()")).isEmpty();
            SchemaDatabase.run(admin, "optional/partitioned.sql");
            for (String arguments :
                    new String[] {"'-1 day'", "null", "'1 day', '1 minute'", "'1 day', null", "'9999 days', '1 hour'"
                    }) {
                failing(operator, INVALID_PARAMETER, "SELECT outbox.make_partitions(" + arguments + ")");
            }
            failing(operator, INVALID_PARAMETER, "SELECT outbox.drop_partitions('-1 day')");
            failing(operator, INVALID_PARAMETER, "SELECT outbox.drop_partitions(null)");
            assertThat(value(operator, "SELECT outbox.make_partitions('3 hours', '1 hour')"))
                    .isEqualTo("0");
            assertThat(value(operator, "SELECT outbox.make_partitions('14 days', '3 days')"))
                    .isEqualTo("3");
        }
    }

    @Test
    void settings_of_the_newest_partition_are_those_of_later_ones() throws Exception {
        try (Connection operator = database.as(OPERATOR);
                Connection admin = database.superuser()) {
            SchemaDatabase.run(admin, "optional/partitioned.sql");
            execute(
                    admin,
                    "DO $$ BEGIN EXECUTE format('ALTER TABLE %s SET (fillfactor = 100, toast.autovacuum_enabled = off)',"
                            + " (SELECT partition FROM outbox.partitions() WHERE until IS NOT NULL ORDER BY until DESC LIMIT 1)); END $$");

            execute(operator, "SELECT outbox.make_partitions('8 days')");

            assertThat(
                            rows(
                                    admin,
                                    "SELECT c.reloptions, t.reloptions FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid"
                                            + " WHERE c.oid = (SELECT partition FROM outbox.partitions() WHERE until IS NOT NULL ORDER BY until DESC LIMIT 1)"))
                    .containsExactly(
                            "{autovacuum_vacuum_scale_factor=0.02,autovacuum_vacuum_insert_scale_factor=0.05,"
                                    + "autovacuum_analyze_scale_factor=0.05,fillfactor=100} {autovacuum_vacuum_scale_factor=0.02,autovacuum_enabled=off}");
        }
    }

    /** An older snapshot would show a partition empty that is not. */
    @Test
    void partitions_are_dropped_by_what_is_there_and_not_by_an_older_snapshot() throws Exception {
        try (Connection operator = database.as(OPERATOR);
                Connection admin = database.superuser()) {
            SchemaDatabase.run(admin, "optional/partitioned.sql");
            execute(
                    admin,
                    "CREATE TABLE outbox.message_old PARTITION OF outbox.message FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')");
            operator.setAutoCommit(false);
            operator.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            value(operator, "SELECT count(*) FROM outbox.message");
            execute(
                    admin,
                    "INSERT INTO outbox.message (tenant_id, subject, payload, created_at) VALUES ('a', 'late', '', '2020-01-01')");

            assertThat(failing(operator, "25000", "SELECT outbox.drop_partitions('7 days')"))
                    .contains("repeatable read");

            assertThat(value(admin, "SELECT count(*) FROM outbox.message")).isEqualTo("1");
        }
    }

    /** A transaction that started when the partition's time was not over yet, and has not ended since. */
    @Test
    void a_partition_into_which_somebody_still_writes_is_not_dropped() throws Exception {
        try (Connection operator = database.as(OPERATOR);
                Connection open = database.superuser();
                Connection admin = database.superuser()) {
            SchemaDatabase.run(admin, "optional/partitioned.sql");
            execute(
                    admin,
                    "CREATE TABLE outbox.message_old PARTITION OF outbox.message FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')");
            execute(
                    admin,
                    "INSERT INTO outbox.message (tenant_id, subject, payload, created_at, status) VALUES ('a', 'b', '', '2020-01-01', 'published')");
            open.setAutoCommit(false);
            execute(
                    open,
                    "INSERT INTO outbox.message (tenant_id, subject, payload, created_at) VALUES ('a', 'late', '', '2020-01-01')");

            failing(
                    operator,
                    "55P03",
                    "SELECT outbox.drop_partitions('7 days')"); // lock_not_available, after two seconds

            assertThat(value(admin, "SELECT count(*) FROM outbox.message")).isEqualTo("1");
            open.commit();
            assertThat(rows(operator, "SELECT * FROM outbox.drop_partitions('7 days')"))
                    .containsExactly("outbox.message_old kept 1");
            assertThat(rows(operator, "SELECT * FROM outbox.drop_partitions('7 days', published_only => false)"))
                    .containsExactly("outbox.message_old emptied 0");
        }
    }
}

package dev.outboxrelay.schema;

import static dev.outboxrelay.schema.SchemaDatabase.OPERATOR;
import static dev.outboxrelay.schema.SchemaDatabase.RELAY;
import static dev.outboxrelay.schema.SchemaDatabase.WRITER;
import static dev.outboxrelay.schema.SchemaDatabase.run;
import static dev.outboxrelay.schema.Sql.execute;
import static dev.outboxrelay.schema.Sql.failing;
import static dev.outboxrelay.schema.Sql.rows;
import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Each role may do what it must and is refused everything else. */
@ParameterizedClass
@EnumSource(SchemaServer.class)
final class RightsIT {
    private static final String MESSAGE =
            "INSERT INTO outbox.message (tenant_id, subject, payload) VALUES ('acme', 'a.b', '')";
    private static final String LETTER =
            "INSERT INTO outbox.dead_letter (slot, source, event_id, tenant_id, state) VALUES ('s', 'outbox.message', '1', 'acme', 'dead')";
    private static final String LEADER = "INSERT INTO outbox.leader (slot, term, instance) VALUES ('s', 1, 'a')";
    private static final String TENANT = "INSERT INTO outbox.tenant (tenant_id) VALUES ('acme')";
    private static final String ROUTE = "INSERT INTO outbox.route (name, priority, action) VALUES ('r', 1, 'drop')";
    private static final String CONSUMER = "INSERT INTO outbox.consumer (name) VALUES ('billing')";

    private static final String CHANGE =
            "INSERT INTO outbox.policy_change (object, key, xact) VALUES ('tenant', 'acme', 1)";

    private static final String EMIT = "SELECT outbox.emit('acme', 'a.b', '')";
    private static final String FORGED = "SELECT pg_logical_emit_message(true, 'outbox.emit', 'forged')";
    private static final String KEY = "INSERT INTO outbox.emit_key DEFAULT VALUES";

    private final SchemaDatabase database;

    RightsIT(SchemaServer server) throws SQLException {
        database = new SchemaDatabase(server);
    }

    @BeforeEach
    void install_with_a_row_in_every_table() throws Exception {
        database.install();
        try (Connection admin = database.superuser()) {
            for (String row : new String[] {MESSAGE, LETTER, LEADER, TENANT, ROUTE, CONSUMER}) {
                execute(admin, row);
            }
            execute(admin, "CREATE TABLE public.business (id int)");
        }
    }

    @AfterEach
    void drop_the_database() throws Exception {
        database.close();
    }

    @Test
    void the_writer_inserts_and_sees_nothing() throws Exception {
        try (Connection writer = database.as(WRITER)) {
            execute(writer, MESSAGE);
            execute(writer, """
                    INSERT INTO outbox.message (id, tenant_id, subject, payload, headers)
                    VALUES (gen_random_uuid(), 'acme', 'a', '\\x00', '{"a": "b"}')
                    """);
            execute(writer, MESSAGE + " ON CONFLICT DO NOTHING");
            failing(writer, "55000", EMIT); // there is no slot yet, and that is all

            refused(
                    writer,
                    "SELECT 1 FROM outbox.emit_key",
                    KEY,
                    "SELECT nextval('outbox.emit_key_seq_seq')",
                    "SELECT outbox.emit_slot('acme')",
                    "SELECT 1 FROM outbox.message",
                    MESSAGE + " RETURNING id",
                    "SELECT * FROM outbox.message FOR UPDATE SKIP LOCKED",
                    "UPDATE outbox.message SET status = 'published'",
                    "DELETE FROM outbox.message",
                    "TRUNCATE outbox.message",
                    "INSERT INTO outbox.message (tenant_id, subject, payload, status) VALUES ('a', 'b', '', 'published')",
                    "INSERT INTO outbox.message (tenant_id, subject, payload, published_at) VALUES ('a', 'b', '', now())",
                    "INSERT INTO outbox.message (tenant_id, subject, payload, created_at) VALUES ('a', 'b', '', now())",
                    "INSERT INTO outbox.message (tenant_id, subject, payload, seq) OVERRIDING SYSTEM VALUE VALUES ('a', 'b', '', 1)",
                    "SELECT nextval('outbox.message_seq_seq')",
                    "SELECT setval('outbox.message_seq_seq', 1)",
                    LETTER,
                    LEADER,
                    TENANT,
                    ROUTE,
                    CONSUMER,
                    "SELECT 1 FROM outbox.dead_letter",
                    "SELECT 1 FROM outbox.leader",
                    "SELECT 1 FROM outbox.tenant",
                    "SELECT 1 FROM outbox.route",
                    "SELECT 1 FROM outbox.consumer",
                    "SELECT 1 FROM outbox.attached",
                    "SELECT outbox.purge('1 day')",
                    "SELECT outbox.republish('s', 'acme', '{}', now())",
                    "SELECT outbox.attach('public.business', 'constant:a', 'b')",
                    "SELECT outbox.detach('public.business')",
                    "CREATE TABLE outbox.mine (id int)",
                    "SELECT pg_drop_replication_slot('outbox_relay')");
        }
    }

    @Test
    void the_relay_settles_and_writes_dead_letters_and_changes_no_event() throws Exception {
        try (Connection relay = database.as(RELAY)) {
            execute(relay, "SELECT * FROM outbox.message FOR UPDATE SKIP LOCKED");
            execute(relay, "SELECT * FROM outbox.message FOR SHARE");
            execute(
                    relay,
                    "UPDATE outbox.message SET status = 'published', published_at = now() WHERE status = 'pending'");
            execute(relay, "SELECT * FROM outbox.dead_letter FOR UPDATE SKIP LOCKED");
            execute(
                    relay,
                    LETTER
                            + " ON CONFLICT (slot, source, event_id, kind) DO UPDATE SET state = 'parked', attempts = 2, error = 'e',"
                            + " reason = 'r', first_failed_at = now(), dead_at = now(), resolved_at = now(), mark_due = true");
            execute(
                    relay,
                    LEADER
                            + " ON CONFLICT (slot) DO UPDATE SET term = outbox.leader.term + 1, instance = 'b', since = now() RETURNING term");
            execute(relay, "SELECT * FROM outbox.leader FOR SHARE");
            execute(relay, "SELECT 1 FROM outbox.tenant, outbox.route, outbox.consumer, outbox.policy_change");
            execute(relay, "SELECT * FROM pg_replication_slots, pg_publication_tables");
            execute(relay, "SELECT key FROM outbox.emit_key");

            refused(
                    relay,
                    EMIT,
                    KEY,
                    "DELETE FROM outbox.emit_key",
                    MESSAGE,
                    "DELETE FROM outbox.message",
                    "TRUNCATE outbox.message",
                    "UPDATE outbox.message SET payload = ''",
                    "UPDATE outbox.message SET tenant_id = 'b'",
                    "UPDATE outbox.message SET subject = 'b'",
                    "UPDATE outbox.message SET headers = '{}'",
                    "UPDATE outbox.message SET id = gen_random_uuid()",
                    "UPDATE outbox.dead_letter SET payload = ''",
                    "UPDATE outbox.dead_letter SET tenant_id = 'b'",
                    "UPDATE outbox.dead_letter SET subject = 'b'",
                    "UPDATE outbox.dead_letter SET headers = '{}'",
                    "UPDATE outbox.dead_letter SET replay_subject = 'b'",
                    "UPDATE outbox.dead_letter SET replay_headers = '{}'",
                    "DELETE FROM outbox.dead_letter",
                    "DELETE FROM outbox.leader",
                    TENANT,
                    ROUTE,
                    CONSUMER,
                    "UPDATE outbox.tenant SET paused = true",
                    "DELETE FROM outbox.route",
                    CHANGE,
                    "DELETE FROM outbox.policy_change",
                    "SELECT outbox.publish('a', 'b', '')",
                    "SELECT outbox.purge('1 day')",
                    "SELECT outbox.republish('s', 'acme', '{}', now())",
                    "SELECT outbox.attach('public.business', 'constant:a', 'b')",
                    "CREATE TABLE outbox.mine (id int)",
                    "ALTER TABLE outbox.message ADD COLUMN x int",
                    "DROP TABLE outbox.message",
                    "ALTER PUBLICATION outbox SET (publish = 'insert, update')",
                    "DROP PUBLICATION outbox",
                    "SELECT 1 FROM public.business",
                    "INSERT INTO public.business VALUES (1)");
        }
    }

    @Test
    void the_relay_deletes_once_the_optional_grant_is_given() throws Exception {
        try (Connection admin = database.superuser();
                Connection relay = database.as(RELAY)) {
            run(admin, "optional/grant-delete.sql");

            execute(relay, "DELETE FROM outbox.message");

            refused(relay, "TRUNCATE outbox.message");
        }
    }

    @Test
    void the_right_to_write_logical_messages_may_be_taken_from_all_but_the_relay_and_emit() throws Exception {
        try (Connection admin = database.superuser();
                Connection writer = database.as(WRITER);
                Connection relay = database.as(RELAY)) {
            run(admin, "slot.sql");
            execute(
                    admin,
                    "CREATE ROLE dba NOLOGIN; ALTER FUNCTION outbox.emit OWNER TO dba;"
                            + " GRANT USAGE ON SCHEMA outbox TO dba; GRANT SELECT ON outbox.emit_key TO dba;"
                            + " GRANT EXECUTE ON FUNCTION outbox.emit_slot TO dba");
            execute(writer, FORGED);

            run(admin, "optional/restrict-emit.sql");
            run(admin, "optional/restrict-emit.sql");

            refused(writer, FORGED);
            execute(writer, EMIT);
            execute(relay, "SELECT pg_logical_emit_message(false, 'outbox_relay', '')");
        }
    }

    @Test
    void the_operator_reads_all_edits_policies_and_resolves_dead_letters() throws Exception {
        try (Connection operator = database.as(OPERATOR)) {
            execute(operator, "SELECT 1 FROM outbox.message, outbox.dead_letter, outbox.leader, outbox.attached");
            execute(operator, "SELECT * FROM outbox.dead_letter FOR UPDATE SKIP LOCKED");
            execute(
                    operator,
                    "UPDATE outbox.dead_letter SET state = 'replaying', replay_subject = 's', replay_headers = '{}',"
                            + " resolved_at = now(), mark_due = true");
            execute(operator, "DELETE FROM outbox.dead_letter");
            execute(operator, "UPDATE outbox.tenant SET paused = true; DELETE FROM outbox.tenant; " + TENANT);
            execute(operator, "UPDATE outbox.route SET enabled = false; DELETE FROM outbox.route; " + ROUTE);
            execute(operator, "UPDATE outbox.consumer SET max_deliver = 3; DELETE FROM outbox.consumer; " + CONSUMER);
            execute(operator, "SELECT outbox.purge('1 day')");
            execute(operator, "SELECT outbox.republish('s', 'acme', array_agg(id), now()) FROM outbox.message");
            execute(operator, "SELECT * FROM outbox.policy_change");

            refused(
                    operator,
                    EMIT,
                    KEY,
                    "SELECT key FROM outbox.emit_key",
                    MESSAGE,
                    "UPDATE outbox.message SET status = 'published'",
                    "DELETE FROM outbox.message",
                    "TRUNCATE outbox.message",
                    "SELECT outbox.publish('a', 'b', '')",
                    LETTER,
                    "UPDATE outbox.dead_letter SET payload = ''",
                    "UPDATE outbox.dead_letter SET tenant_id = 'b'",
                    "UPDATE outbox.dead_letter SET subject = 'b'",
                    "UPDATE outbox.dead_letter SET headers = '{}'",
                    "UPDATE outbox.dead_letter SET attempts = 0",
                    LEADER,
                    "UPDATE outbox.leader SET term = 9",
                    "TRUNCATE outbox.tenant",
                    CHANGE,
                    "UPDATE outbox.policy_change SET policy = NULL",
                    "DELETE FROM outbox.policy_change",
                    "SELECT outbox.attach('public.business', 'constant:a', 'b')",
                    "CREATE TABLE outbox.mine (id int)",
                    "SELECT 1 FROM public.business");
        }
    }

    @Test
    void public_has_no_right_at_all_whatever_the_site_gives_by_default() throws Exception {
        try (Connection admin = database.superuser()) {
            run(admin, "uninstall.sql");
            execute(admin, "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC");
            execute(admin, "ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO PUBLIC");
            execute(admin, "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC");
            database.install();
            run(admin, "optional/partitioned.sql");
            execute(admin, "CREATE ROLE stranger");
            database.allowLogin("stranger");

            assertThat(rows(admin, """
                            SELECT relname, privilege_type FROM pg_class, aclexplode(relacl)
                             WHERE relnamespace = 'outbox'::regnamespace AND grantee = 0
                            UNION ALL SELECT proname, privilege_type
                              FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
                             WHERE pronamespace = 'outbox'::regnamespace AND grantee = 0
                            UNION ALL SELECT nspname, privilege_type FROM pg_namespace, aclexplode(nspacl)
                             WHERE nspname = 'outbox' AND grantee = 0
                            """)).isEmpty();
            try (Connection stranger = database.as("stranger")) {
                refused(
                        stranger,
                        MESSAGE,
                        "SELECT 1 FROM outbox.message",
                        "SELECT outbox.publish('a', 'b', '')",
                        EMIT,
                        "SELECT outbox.emit_slot('acme')",
                        "SELECT 1 FROM outbox.emit_key",
                        "SELECT outbox.purge('1 day')",
                        "SELECT outbox.republish('s', 'acme', '{}', now())",
                        "SELECT outbox.attach('public.business', 'constant:a', 'b')",
                        "SELECT * FROM outbox.attached");
            }
        }
    }

    @Test
    void a_partitioned_outbox_gives_the_same_rights_and_its_partitions_none() throws Exception {
        try (Connection admin = database.superuser()) {
            run(admin, "optional/grant-delete.sql");
            execute(admin, "GRANT SELECT (id) ON outbox.message TO outbox_writer WITH GRANT OPTION");
            List<String> before = rightsOnMessage(admin);

            run(admin, "optional/partitioned.sql");

            assertThat(rightsOnMessage(admin)).isEqualTo(before).hasSizeGreaterThan(12);
            assertThat(rows(admin, """
                            SELECT c.relname, x.privilege_type FROM pg_class c, aclexplode(c.relacl) x
                             WHERE c.relispartition AND x.grantee <> c.relowner
                            UNION ALL SELECT c.relname, x.privilege_type
                              FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) x WHERE c.relispartition
                            """)).isEmpty();
            try (Connection writer = database.as(WRITER);
                    Connection relay = database.as(RELAY);
                    Connection operator = database.as(OPERATOR)) {
                execute(writer, MESSAGE);
                execute(relay, "UPDATE outbox.message SET status = 'published', published_at = now()");
                execute(operator, "SELECT outbox.make_partitions('10 days')");
                execute(operator, "SELECT * FROM outbox.drop_partitions('0 days'), outbox.partitions()");
                refused(writer, "SELECT outbox.make_partitions()", "SELECT * FROM outbox.drop_partitions('1 day')");
                refused(
                        relay,
                        "SELECT outbox.make_partitions()",
                        "SELECT * FROM outbox.drop_partitions('1 day')",
                        "SELECT 1 FROM outbox.message_default");
                refused(operator, "SELECT 1 FROM outbox.message_default", "TRUNCATE outbox.message_default");
            }
        }
    }

    private static List<String> rightsOnMessage(Connection admin) throws SQLException {
        return rows(admin, """
                SELECT '' AS name, x.grantee::regrole, x.privilege_type, x.is_grantable
                  FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = 'outbox.message'::regclass
                UNION ALL SELECT a.attname, x.grantee::regrole, x.privilege_type, x.is_grantable
                  FROM pg_attribute a, aclexplode(a.attacl) x WHERE a.attrelid = 'outbox.message'::regclass
                 ORDER BY 1, 2, 3
                """);
    }

    @Test
    void the_roles_have_no_attribute_beyond_those_named() throws Exception {
        try (Connection admin = database.superuser()) {
            assertThat(rows(admin, """
                            SELECT rolname, rolreplication FROM pg_roles
                             WHERE rolname LIKE 'outbox%' AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls)
                             ORDER BY rolname
                            """))
                    .containsExactly("outbox_capture f", "outbox_operator f", "outbox_relay t", "outbox_writer f");
            assertThat(
                            rows(
                                    admin,
                                    "SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname LIKE 'outbox%'"))
                    .isEmpty();
        }
    }

    @Test
    void the_slot_shows_inserts_only_and_only_the_columns_that_the_relay_reads() throws Exception {
        try (Connection admin = database.superuser()) {
            assertThat(rows(admin, """
                            SELECT t.schemaname, t.tablename, t.attnames, t.rowfilter, p.pubinsert, p.pubupdate, p.pubdelete,
                                   p.pubtruncate, p.pubviaroot
                              FROM pg_publication_tables t JOIN pg_publication p ON p.pubname = t.pubname
                             ORDER BY t.tablename
                            """))
                    .containsExactly(
                            "outbox message {id,tenant_id,subject,payload,headers} null t f f f t",
                            "outbox policy_change {object,key,policy,xact} null t f f f t");
            run(admin, "slot.sql");
            execute(admin, MESSAGE);
            execute(admin, "UPDATE outbox.message SET status = 'published'");
            execute(admin, "DELETE FROM outbox.message");
            execute(admin, "TRUNCATE outbox.message");
            execute(admin, TENANT + " ON CONFLICT DO NOTHING");
            execute(admin, MESSAGE);
            execute(admin, "UPDATE outbox.tenant SET paused = true");
            execute(admin, "DELETE FROM outbox.policy_change");

            assertThat(database.streamed())
                    .filteredOn(type -> !type.equals("R"))
                    .containsExactly("B", "I", "C", "B", "I", "C", "B", "I", "C");
        }
    }

    private static void refused(Connection connection, String... statements) {
        for (String statement : statements) {
            failing(connection, Sql.REFUSED, statement);
        }
    }
}

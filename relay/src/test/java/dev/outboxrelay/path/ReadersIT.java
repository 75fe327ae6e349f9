package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Reader;
import dev.outboxrelay.testing.TestPostgres;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/**
 * Both readers hand over the same rows with the same values, positions and commit times, whatever was written. The
 * stock one, which is the engine's own, is the yardstick.
 */
final class ReadersIT {

    private static final String BINARY = "\"binary\" 'true'";
    private static final String TEXT = "\"binary\" 'false'";

    private static int databases;

    private Outbox outbox;

    @BeforeEach
    void install() throws Exception {
        outbox = Outbox.withoutSlots(SharedPostgres.get(), "readers_" + databases++);
    }

    @AfterEach
    void drop() throws Exception {
        outbox.close();
    }

    @Test
    void rows_of_the_native_table() throws Exception {
        createSlots();
        byte[] wide = new byte[3 << 20];
        new Random(1).nextBytes(wide);
        byte[] every = new byte[256];
        for (int i = 0; i < every.length; i++) {
            every[i] = (byte) i;
        }
        outbox.insert(
                Row.of("first"),
                Row.of("wide").with(wide),
                Row.of("every").with(every),
                Row.of("none").with(new byte[0]),
                Row.of("Größe 大小 😀").withHeaders("{\"a\": \"ü\", \"b\": \"\"}"),
                Row.of("").withHeaders("[1, 2, null]"),
                Row.of("line\nend\ttab'\"\\x").withHeaders("null"));

        assertThat(readBoth(Map.of(), BINARY)).hasSize(7);
    }

    @Test
    void rows_of_copy_and_of_interleaved_nested_rolled_back_and_large_transactions() throws Exception {
        createSlots();
        try (Connection first = outbox.as(TestPostgres.WRITER);
                Connection second = outbox.as(TestPostgres.WRITER)) {
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < 3_000; i++) {
                lines.append("t").append(i % 7).append("\tcopied.").append(i).append("\t\\\\x00ff\n");
            }
            first.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(
                            "COPY outbox.message (tenant_id, subject, payload) FROM STDIN",
                            new StringReader(lines.toString()));
            first.setAutoCommit(false);
            second.setAutoCommit(false);
            for (int i = 0; i < 20; i++) {
                Outbox.insert(i % 3 == 0 ? first : second, List.of(Row.of("interleaved"), Row.of("interleaved")));
                if (i % 5 == 4) {
                    second.commit();
                }
            }
            var savepoint = first.setSavepoint();
            Outbox.insert(first, List.of(Row.of("rolled.back")));
            first.rollback(savepoint);
            Outbox.insert(first, List.of(Row.of("kept")));
            first.commit();
            Outbox.insert(second, List.of(Row.of("rolled.back")));
            second.rollback();
        }
        outbox.execute("INSERT INTO outbox.message (tenant_id, subject, payload)"
                + " SELECT 'large', 'n.' || i, decode(repeat('ab', i % 300), 'hex') FROM generate_series(1, 20000) i");

        List<Handed.Row> rows = readBoth(Map.of());

        assertThat(rows).hasSize(3_000 + 40 + 1 + 20_000);
        assertThat(rows).noneMatch(row -> row.toString().contains("rolled.back"));
    }

    @Test
    void positions_behind_logical_messages_and_changes_that_are_none_of_ours() throws Exception {
        outbox.execute("CREATE TABLE other (id int PRIMARY KEY, filler text);"
                + " ALTER PUBLICATION outbox ADD TABLE other;"
                + " ALTER PUBLICATION outbox SET (publish = 'insert, update, delete, truncate')");
        createSlots();
        outbox.insert(Row.of("a"));
        outbox.execute("SELECT pg_logical_emit_message(false, 'somebody', 'outside')");
        outbox.insert(Row.of("a"));
        outbox.execute("SELECT pg_logical_emit_message(false, 'outbox_relay', '')");
        outbox.insert(Row.of("a"));
        outbox.execute("BEGIN; SELECT pg_logical_emit_message(true, 'somebody', 'inside');"
                + " INSERT INTO outbox.message (tenant_id, subject, payload) VALUES ('a', 'x', '');"
                + " SELECT pg_logical_emit_message(true, 'outbox_relay', 'inside'); COMMIT");
        outbox.execute("BEGIN; SELECT pg_logical_emit_message(false, 'somebody', 'although rolled back');"
                + " INSERT INTO outbox.message (tenant_id, subject, payload) VALUES ('a', 'y', ''); ROLLBACK");
        outbox.execute("INSERT INTO other VALUES (1, 'x'), (2, 'y')");
        outbox.insert(Row.of("a"));
        outbox.execute("UPDATE outbox.message SET status = 'published'; UPDATE other SET filler = repeat('z', 9000)");
        outbox.execute("DELETE FROM outbox.message; DELETE FROM other; TRUNCATE other; TRUNCATE outbox.message");
        outbox.insert(Row.of("a"));

        assertThat(readBoth(Map.of())).hasSize(6);
    }

    @Test
    void emitted_events_among_rows_of_interleaved_nested_rolled_back_and_large_transactions() throws Exception {
        createSlots();
        outbox.emitTo("reader_lean");
        byte[] every = new byte[256];
        for (int i = 0; i < every.length; i++) {
            every[i] = (byte) i;
        }
        outbox.emit(Row.of("first"), Row.of("every").with(every), Row.of("wide").with(new byte[3 << 20]));
        try (Connection first = outbox.as(TestPostgres.WRITER);
                Connection second = outbox.as(TestPostgres.WRITER)) {
            first.setAutoCommit(false);
            second.setAutoCommit(false);
            Outbox.emit(first, List.of(Row.of("kept")));
            Outbox.emit(second, List.of(Row.of("kept")));
            Outbox.insert(first, List.of(Row.of("kept")));
            var outer = first.setSavepoint();
            Outbox.emit(first, List.of(Row.of("rolled.back")));
            var inner = first.setSavepoint();
            Outbox.emit(first, List.of(Row.of("rolled.back")));
            first.releaseSavepoint(inner);
            first.rollback(outer);
            var released = first.setSavepoint();
            Outbox.emit(first, List.of(Row.of("kept")));
            first.releaseSavepoint(released);
            second.commit();
            Outbox.emit(second, List.of(Row.of("rolled.back")));
            second.rollback();
            first.commit();
        }
        outbox.execute("SELECT pg_logical_emit_message(false, 'outbox.emit', 'outside any transaction')");
        outbox.execute("SELECT pg_logical_emit_message(true, 'outbox.emit', ''),"
                + " pg_logical_emit_message(true, 'outbox.emits', 'another prefix')");
        outbox.execute("SELECT outbox.emit('large', 'n.' || i, decode(repeat('ab', i % 300), 'hex')),"
                + " pg_logical_emit_message(true, 'somebody', 'else') FROM generate_series(1, 5000) i");

        List<Handed.Row> rows = readBoth(Map.of());

        assertThat(rows).hasSize(3 + 1 + 3 + 1 + 5_000);
        assertThat(rows.subList(3, 7).stream().map(row -> row.table().table()))
                .containsExactly("emit", "emit", "message", "emit");
        assertThat(rows.toString()).contains(hex("kept")).doesNotContain(hex("rolled.back"));
    }

    private static String hex(String text) {
        return java.util.HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void values_of_every_type() throws Exception {
        outbox.execute("""
                CREATE TYPE mood AS ENUM ('sad', 'ok');
                CREATE DOMAIN label AS text CHECK (length(value) < 50);
                CREATE DOMAIN amount AS integer;
                CREATE TABLE plain (id bigint PRIMARY KEY, tenant_id varchar(40), payload json,
                  a char(5), b smallint, c integer, d boolean, e uuid, f jsonb, g text DEFAULT 'a default',
                  h bigint DEFAULT 7, unread timestamptz DEFAULT now());
                CREATE TABLE rare (id numeric PRIMARY KEY, tenant_id label, payload bytea,
                  a mood, b amount, c timestamptz, d timestamp, e date, f time, g interval, h numeric(12, 3),
                  i double precision, j real, k text[], l int[], m inet, n money, o xml, p bit(3), q int4range,
                  r oid, s point, t timetz, u "char", v name, w macaddr, x tsvector, y cidr);
                CREATE TABLE whole (id int PRIMARY KEY, tenant_id text, payload integer, a text);
                ALTER PUBLICATION outbox ADD TABLE plain, rare, whole;
                GRANT SELECT ON plain, rare, whole TO outbox_relay
                """);
        createSlots();
        outbox.execute("""
                INSERT INTO plain VALUES
                  (9223372036854775807, 'v', '{"a":  1}', 'x', -32768, 2147483647, true,
                   'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{"b": [1, 2],  "a": null}', 'text', -1),
                  (-9223372036854775808, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                  (0, '', '"é"', '', 0, -1, false, '00000000-0000-0000-0000-000000000000', '"x"', '', 0);
                INSERT INTO rare VALUES
                  (123456789012345678901234567890.5, 'lab', '\\x00ff', 'ok', 42, '2026-01-02 03:04:05.678901+07',
                   '2026-01-02 03:04:05.6', '2026-01-02', '23:59:59.999999', '1 year 2 days 03:04:05', 12.5, 1e100,
                   0.1, '{a,NULL,"b c"}', '{1,2}', '10.0.0.1/8', 12.34, '<a/>', '101', '[1,5)', 17, '(1,2)',
                   '12:00:00+02', 'c', 'nam', '08:00:2b:01:02:03', 'a b', '10.0.0.0/8'),
                  (0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                  (-1, '', '', 'sad', -1, 'infinity', '-infinity', '0001-01-01 BC', '00:00', '-1 mon', 0, 'NaN',
                   '-infinity', '{}', '{}', '::1', 0, NULL, '000', 'empty', 0, '(0,0)', '00:00+00', '', '',
                   '00:00:00:00:00:00', '', '0.0.0.0/0');
                INSERT INTO whole VALUES (1, 'w', 5, 'a')
                """);

        List<Handed.Row> rows = readBoth(
                Map.of(
                        "outbox.source.tables[0].table", "public.plain",
                        "outbox.source.tables[0].subject", "{a}.{b}.{c}.{d}.{e}.{f}.{g}.{h}",
                        "outbox.source.tables[1].table", "public.rare",
                        "outbox.source.tables[1].subject",
                                "{a}.{b}.{c}.{d}.{e}.{f}.{g}.{h}.{i}.{j}.{k}.{l}.{m}.{n}.{o}.{p}.{q}.{r}.{s}.{t}.{u}.{v}.{w}.{x}.{y}",
                        "outbox.source.tables[2].table", "public.whole",
                        "outbox.source.tables[2].subject", "{a}.{missing}"),
                TEXT);

        assertThat(rows).hasSize(7);
        assertThat(rows.get(1).values()).containsEntry("g", "null").containsEntry("h", "null");
    }

    @Test
    void values_of_every_type_that_is_read_in_binary() throws Exception {
        outbox.execute("""
                CREATE TYPE mood AS ENUM ('sad', 'ok');
                CREATE DOMAIN label AS text;
                CREATE TABLE plain (id bigint PRIMARY KEY, tenant_id varchar(40), payload json,
                  a char(5), b smallint, c integer, d boolean, e uuid, f jsonb, g text DEFAULT 'a default',
                  h bigint DEFAULT 7, unread timestamptz DEFAULT now(), never mood DEFAULT 'ok',
                  name label DEFAULT 'x', rights aclitem, list text[] DEFAULT '{a,b}', span int4range DEFAULT '[1,5)');
                CREATE TABLE small (id smallint PRIMARY KEY, tenant_id uuid, payload jsonb, a boolean);
                CREATE TABLE times (id numeric PRIMARY KEY, tenant_id text, payload text, a timestamptz, b timestamp,
                  c date, d numeric(12, 3), e timestamptz(3), f timestamp(0));
                ALTER PUBLICATION outbox ADD TABLE plain, small, times;
                GRANT SELECT ON plain, small, times TO outbox_relay
                """);
        createSlots();
        outbox.execute("""
                INSERT INTO plain (id, tenant_id, payload, a, b, c, d, e, f, g, h, rights) VALUES
                  (9223372036854775807, 'v', '{"a":  1}', 'x', -32768, 2147483647, true,
                   'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{"b": [1, 2],  "a": null}', 'text', -1,
                   'postgres=r/postgres'),
                  (-9223372036854775808, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                  (0, '', '"é"', '', 0, -1, false, '00000000-0000-0000-0000-000000000000', '"x"', '', 0, NULL);
                INSERT INTO times VALUES
                  (123456789012345678901234567890.50, 't', '', '2026-01-02 03:04:05.678901+07',
                   '2026-01-02 03:04:05.6', '2026-01-02', 12.5, '2026-01-02 03:04:05.678901+07', '2026-01-02 03:04:05.6'),
                  (0, 't', '', NULL, NULL, NULL, NULL, NULL, NULL),
                  (1, 't', '', 'infinity', '-infinity', 'infinity', 0, '-infinity', 'infinity'),
                  (2, 't', '', '0001-01-01 00:00:00+00 BC', '20000-12-31 23:59:59', '4713-01-01 BC', -0.001,
                   '1999-12-31 23:59:59.9996+00', '1970-01-01 00:00:00'),
                  ('NaN', 't', '', '1883-11-18 12:00:00+00', '1600-02-29 00:00:00.000001', '1582-10-15', 1000000, NULL, NULL),
                  ('-Infinity', 't', '', NULL, NULL, NULL, NULL, NULL, NULL);
                INSERT INTO small VALUES (-1, gen_random_uuid(), '{"ü": "\\u0001 😀"}', false),
                  (2, NULL, 'null', NULL)
                """);

        List<Handed.Row> rows = readBoth(
                Map.of(
                        "outbox.source.tables[0].table", "public.plain",
                        "outbox.source.tables[0].subject", "{a}.{b}.{c}.{d}.{e}.{f}.{g}.{h}",
                        "outbox.source.tables[1].table", "public.small",
                        "outbox.source.tables[1].subject", "{a}.{missing}",
                        "outbox.source.tables[2].table", "public.times",
                        "outbox.source.tables[2].subject", "{a}.{b}.{c}.{d}.{e}.{f}"),
                BINARY);

        assertThat(rows).hasSize(11);
        assertThat(rows.get(3).values())
                .containsEntry("id", "text 123456789012345678901234567890.50")
                .containsEntry("a", "text 2026-01-01T20:04:05.678901Z")
                .containsEntry("b", "text 2026-01-02T03:04:05.6")
                .containsEntry("c", "text 2026-01-02")
                .containsEntry("d", "text 12.500");
        assertThat(rows.get(0).values())
                .containsEntry("e", "text a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
                .containsEntry("c", "value 2147483647");
    }

    @Test
    void columns_that_the_server_cannot_send_in_binary_make_the_stream_text() throws Exception {
        outbox.execute("""
                CREATE TABLE other (id int PRIMARY KEY, rights aclitem[]);
                ALTER PUBLICATION outbox ADD TABLE other
                """);
        createSlots();
        outbox.insert(Row.of("a"));
        outbox.execute("INSERT INTO other VALUES (1, '{postgres=r/postgres}')");
        outbox.insert(Row.of("b"));

        assertThat(readBoth(Map.of(), TEXT)).hasSize(2);
    }

    @Test
    void a_stream_in_binary_that_meets_other_types_in_the_wal_fails_and_the_next_one_is_text() throws Exception {
        outbox.execute("""
                CREATE TABLE growing (id int PRIMARY KEY, tenant_id text, payload bytea, subject text);
                ALTER PUBLICATION outbox ADD TABLE growing;
                GRANT SELECT ON growing TO outbox_relay
                """);
        createSlots();
        outbox.execute("INSERT INTO growing VALUES (1, 'a', 'one', 's.1')");
        try (Handed lean = Handed.start(outbox, "reader_lean", Reader.LEAN, tables("growing"))) {
            lean.awaitPassed(end());
            assertThat(lean.startCommand()).contains(BINARY);
            outbox.execute("ALTER TABLE growing ALTER COLUMN subject TYPE interval USING '1 day'");
            outbox.execute("INSERT INTO growing VALUES (2, 'a', 'two', '2 days')");

            assertThat(lean.awaitFailure()).hasStackTraceContaining("the next start reads in text");
            assertThat(lean.rows()).hasSize(1);
        }
        // as the table is now it could be read in binary, but not what lies in the WAL
        outbox.execute("ALTER TABLE growing ALTER COLUMN subject TYPE text");
        outbox.execute("INSERT INTO growing VALUES (3, 'a', 'three', 's.3')");

        assertThat(readBoth(tables("growing"), TEXT)).hasSize(3);
    }

    @Test
    void rows_of_partitions_and_of_tables_with_every_replica_identity() throws Exception {
        outbox.execute("""
                CREATE TABLE parted (id uuid NOT NULL, tenant_id text, payload bytea, subject text, day date)
                  PARTITION BY RANGE (day);
                CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
                CREATE TABLE parted_2 (day date, subject text, payload bytea, id uuid NOT NULL, tenant_id text);
                ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
                CREATE TABLE fully (id int PRIMARY KEY, tenant_id text, payload bytea, subject text);
                ALTER TABLE fully REPLICA IDENTITY FULL;
                CREATE TABLE nothing (id int, tenant_id text, payload bytea, subject text);
                ALTER TABLE nothing REPLICA IDENTITY NOTHING;
                CREATE TABLE indexed (id int NOT NULL, tenant_id text, payload bytea, subject text);
                CREATE UNIQUE INDEX indexed_id ON indexed (id);
                ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_id;
                ALTER PUBLICATION outbox ADD TABLE parted, fully, nothing, indexed;
                ALTER PUBLICATION outbox SET (publish_via_partition_root = true);
                GRANT SELECT ON parted, fully, nothing, indexed TO outbox_relay
                """);
        createSlots();
        String toast = "(SELECT decode(string_agg(md5(i::text), ''), 'hex') FROM generate_series(1, 5000) i)";
        for (String day : List.of("2026-01-05", "2026-02-05", "2026-01-06", "2026-02-06")) {
            outbox.execute("INSERT INTO parted (id, tenant_id, payload, subject, day) VALUES"
                    + " (gen_random_uuid(), 'p', " + toast + ", 's', '" + day + "')");
        }
        for (String table : List.of("fully", "nothing", "indexed")) {
            outbox.execute("INSERT INTO " + table + " VALUES (1, 'a', " + toast + ", 's'), (2, 'b', NULL, 's')");
        }
        outbox.execute("UPDATE outbox.message SET status = 'failed'");

        assertThat(readBoth(tables("parted", "fully", "nothing", "indexed"))).hasSize(10);
    }

    @Test
    void rows_of_a_table_that_changes_between_them() throws Exception {
        outbox.execute("""
                CREATE TABLE growing (id int PRIMARY KEY, tenant_id text, payload bytea, subject text);
                ALTER PUBLICATION outbox ADD TABLE growing;
                GRANT SELECT ON growing TO outbox_relay
                """);
        createSlots();
        List<String> steps = List.of(
                "INSERT INTO growing VALUES (1, 'a', 'one', 's.1')",
                "ALTER TABLE growing ADD COLUMN note text DEFAULT 'n'",
                "INSERT INTO growing VALUES (2, 'a', 'two', 's.2')",
                "ALTER TABLE growing ADD COLUMN stamp timestamptz DEFAULT now()",
                "INSERT INTO growing VALUES (3, 'a', 'three', 's.3')",
                "ALTER TABLE growing DROP COLUMN note",
                "INSERT INTO growing VALUES (4, 'a', 'four', 's.4')",
                "ALTER TABLE growing ALTER COLUMN id TYPE bigint, ALTER COLUMN subject TYPE varchar(20)",
                "INSERT INTO growing VALUES (5000000000, 'a', 'five', 's.5')",
                "BEGIN; INSERT INTO growing VALUES (6, 'a', 'six', 's.6'); ALTER TABLE growing ADD COLUMN late int;"
                        + " INSERT INTO growing VALUES (7, 'a', 'seven', 's.7'); COMMIT",
                "ALTER TABLE growing ALTER COLUMN tenant_id SET DEFAULT 'standing in'",
                "INSERT INTO growing VALUES (8, NULL, 'eight', 's.8')");
        for (String step : steps) {
            outbox.execute(step);
        }

        assertThat(readBoth(tables("growing"))).hasSize(8);
    }

    @Test
    void rows_that_are_written_while_the_table_changes_under_the_running_reader() throws Exception {
        outbox.execute("""
                CREATE TABLE growing (id int PRIMARY KEY, tenant_id text, payload bytea, subject text);
                ALTER PUBLICATION outbox ADD TABLE growing;
                GRANT SELECT ON growing TO outbox_relay
                """);
        createSlots();
        try (Handed lean = Handed.start(outbox, "reader_lean", Reader.LEAN, tables("growing"))) {
            for (int i = 0; i < 6; i++) {
                outbox.execute(
                        "INSERT INTO growing (id, tenant_id, payload, subject) VALUES (" + i + ", 'a', 'x', 's')");
                lean.awaitPassed(end());
                outbox.execute("ALTER TABLE growing ADD COLUMN more_" + i + " text DEFAULT 'm'");
                outbox.execute("ALTER TABLE growing DROP COLUMN IF EXISTS more_" + (i + 4) % 6);
            }
            String end = end();
            lean.awaitPassed(end);

            assertThat(lean.rows()).hasSize(6);
            assertSameAsStock(lean, end, tables("growing"));
        }
    }

    @Test
    void bytes_that_the_server_writes_in_its_escape_format() throws Exception {
        outbox.execute("ALTER DATABASE " + outbox.database() + " SET bytea_output = 'escape'");
        createSlots();
        byte[] every = new byte[256];
        for (int i = 0; i < every.length; i++) {
            every[i] = (byte) i;
        }
        outbox.insert(
                Row.of("a").with(every),
                Row.of("a").with("\\x41 plain".getBytes(StandardCharsets.UTF_8)),
                Row.of("a").with(new byte[0]));

        List<Handed.Row> rows = readBoth(Map.of());

        assertThat(rows.get(0).values().get("payload"))
                .isEqualTo("bytes " + java.util.HexFormat.of().formatHex(every));
        assertThat(rows.get(1).values().get("payload"))
                .isEqualTo(
                        "bytes " + java.util.HexFormat.of().formatHex("\\x41 plain".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void changed_policies_come_in_their_place_among_the_rows() throws Exception {
        createSlots();
        outbox.insert(Row.of("a"), Row.of("a"));
        outbox.execute("BEGIN; INSERT INTO outbox.message (tenant_id, subject, payload) VALUES ('a', 'x', '');"
                + " INSERT INTO outbox.tenant (tenant_id, max_age) VALUES ('a', '3 days 00:00:01.5');"
                + " INSERT INTO outbox.message (tenant_id, subject, payload) VALUES ('a', 'y', ''); COMMIT");
        outbox.execute("BEGIN; UPDATE outbox.tenant SET paused = true; ROLLBACK");
        outbox.execute("UPDATE outbox.tenant SET tenant_id = 'b'");
        outbox.insert(Row.of("a"));
        outbox.execute("TRUNCATE outbox.tenant");

        String end = end();
        try (Handed lean = Handed.start(outbox, "reader_lean", Reader.LEAN, Map.of())) {
            lean.awaitPassed(end);
            assertThat(lean.startCommand()).contains(BINARY);
            assertThat(lean.rows()).hasSize(5);
            assertThat(lean.policies())
                    .satisfiesExactly(
                            first -> assertThat(first)
                                    .startsWith("3 rows, then PolicyChanged[object=tenant, key=a, json={")
                                    .contains("\"max_age\": \"P3DT1.5S\"", "\"paused\": null"),
                            gone -> assertThat(gone)
                                    .startsWith("4 rows, then PolicyChanged[object=tenant, key=a, json=null"),
                            renamed -> assertThat(renamed)
                                    .startsWith("4 rows, then PolicyChanged[object=tenant, key=b, json={"),
                            truncated -> assertThat(truncated)
                                    .startsWith("5 rows, then PolicyChanged[object=tenant, key=b, json=null"));
            lean.close();
            try (Handed stock = Handed.start(outbox, "reader_stock", Reader.STOCK, Map.of())) {
                stock.awaitPassed(end);
                assertThat(stock.policies()).isEqualTo(lean.policies());
            }
        }
    }

    private static Map<String, String> tables(String... names) {
        java.util.TreeMap<String, String> settings = new java.util.TreeMap<>();
        for (int i = 0; i < names.length; i++) {
            settings.put("outbox.source.tables[" + i + "].table", "public." + names[i]);
            settings.put("outbox.source.tables[" + i + "].preset", "native");
            settings.put("outbox.source.tables[" + i + "].settle", "keep");
        }
        return settings;
    }

    private void createSlots() throws Exception {
        outbox.execute("SELECT pg_create_logical_replication_slot('reader_stock', 'pgoutput')");
        outbox.execute("SELECT pg_copy_logical_replication_slot('reader_stock', 'reader_lean')");
    }

    /** What both readers hand over, one after the other: two engines in one JVM fight for their JMX names. */
    private List<Handed.Row> readBoth(Map<String, String> settings) throws Exception {
        return readBoth(settings, "START_REPLICATION");
    }

    /** @param command part of what the lean reader's stream was started with */
    private List<Handed.Row> readBoth(Map<String, String> settings, String command) throws Exception {
        String end = end();
        try (Handed lean = Handed.start(outbox, "reader_lean", Reader.LEAN, settings)) {
            lean.awaitPassed(end);
            assertThat(lean.startCommand()).contains(command);
            assertSameAsStock(lean, end, settings);
            return lean.rows();
        }
    }

    private void assertSameAsStock(Handed lean, String end, Map<String, String> settings) throws Exception {
        lean.close();
        try (Handed stock = Handed.start(outbox, "reader_stock", Reader.STOCK, settings)) {
            stock.awaitPassed(end);
            assertThat(lean.rows()).isEqualTo(stock.rows());
            assertThat(lean.passed()).isSorted().containsAll(stock.passed());
        }
    }

    /** A position in the WAL behind everything that was written so far. */
    private String end() throws Exception {
        try (Connection superuser = outbox.superuser();
                Statement statement = superuser.createStatement();
                var result = statement.executeQuery("SELECT pg_logical_emit_message(false, 'outbox_relay', 'end')")) {
            result.next();
            return result.getString(1);
        }
    }
}

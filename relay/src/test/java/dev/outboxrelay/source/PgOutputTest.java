package dev.outboxrelay.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.TableName;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.core.Oid;

final class PgOutputTest {

    private static final TableName TABLE = TableName.OUTBOX_MESSAGE;
    private static final List<String> WANTED = List.of("id", "payload");
    private static final Relation.Column ID = new Relation.Column("id", Oid.UUID);
    private static final Relation.Column PAYLOAD = new Relation.Column("payload", Oid.BYTEA);
    private static final int ENUM = 16_500;

    private final List<String> engineSaw = new ArrayList<>();
    private final PgOutput output = new PgOutput(Map.of(TABLE, WANTED), new PgOutput.EngineRows() {
        @Override
        public void describe(ByteBuffer message) {
            engineSaw.add((char) message.get() + " described");
        }

        @Override
        public WantedValues values(ByteBuffer message, Relation relation) {
            engineSaw.add((char) message.get() + " read");
            return new WantedValues(relation.wanted(), relation.absent(), new @Nullable Object[] {"by engine", null});
        }
    });
    private final Batch batch = new Batch();

    private boolean read(long lsn, ByteBuffer message) {
        try {
            return output.read(message, lsn, batch);
        } catch (java.sql.SQLException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void readAll(ByteBuffer... messages) {
        for (ByteBuffer message : messages) {
            read(0x77, message);
        }
    }

    private static ByteBuffer table() {
        return Messages.relation(1, "outbox", "message", ID, PAYLOAD);
    }

    private List<Change.Inserted> rows() {
        return batch.changes().stream()
                .filter(Change.Inserted.class::isInstance)
                .map(Change.Inserted.class::cast)
                .toList();
    }

    @Test
    void a_transaction_becomes_its_rows_and_the_position_behind_it() {
        readAll(Messages.begin(0x100, 1_700_000_000_000_123L), table());
        read(0x90, Messages.insert(1, "a", "\\x00ff"));
        boolean whole = read(0x120, Messages.commit(0x100, 0x120));

        assertThat(whole).isTrue();
        assertThat(batch.changes()).hasSize(2);
        Change.Inserted row = rows().get(0);
        assertThat(row.table()).isEqualTo(TABLE);
        assertThat(row.origin()).isEqualTo(new Origin(new Lsn(0x90), Lsn.NONE, 1_700_000_000_000_123L));
        assertThat(row.columns().get("id")).isEqualTo("a");
        assertThat(row.columns().get("payload")).isEqualTo(new byte[] {0, -1});
        assertThat(batch.changes().get(1)).isEqualTo(new Change.Passed(new Lsn(0x120)));
    }

    @Test
    void a_row_lies_behind_the_last_commit_or_message_before_its_transaction() {
        readAll(table(), Messages.begin(1, 1), Messages.commit(1, 0x20));
        readAll(Messages.begin(2, 2), Messages.insert(1, "a", null), Messages.commit(2, 0x40));
        readAll(Messages.logical(false, 0x50));
        readAll(Messages.begin(3, 3), Messages.insert(1, "b", null));

        assertThat(rows()).extracting(row -> row.origin().after()).containsExactly(new Lsn(0x20), new Lsn(0x50));
    }

    @Test
    void a_logical_message_is_a_position_outside_transactions_only() {
        assertThat(read(0x30, Messages.logical(true, 0x30))).isFalse();
        assertThat(batch.changes()).isEmpty();
        assertThat(read(0x31, Messages.logical(false, 0x31))).isTrue();
        assertThat(batch.changes()).containsExactly(new Change.Passed(new Lsn(0x31)));
    }

    @Test
    void a_logical_message_of_a_transaction_is_an_event_under_its_prefix_alone() {
        readAll(
                Messages.begin(0x100, 1_700_000_000_000_123L),
                Messages.logical(true, 0x70, "outbox.emit"),
                Messages.logical(true, 0x71, "outbox.emit.x"));
        read(0x80, Messages.logical(false, 0x80, "outbox.emit"));

        assertThat(batch.changes()).hasSize(2);
        Change.Emitted message = (Change.Emitted) batch.changes().get(0);
        assertThat(message.origin()).isEqualTo(new Origin(new Lsn(0x77), Lsn.NONE, 1_700_000_000_000_123L));
        assertThat(message.content().bytes()).isEqualTo(new byte[] {1, 2});
        assertThat(batch.changes().get(1)).isEqualTo(new Change.Passed(new Lsn(0x80)));
        assertThat(batch.rows()).isOne();
    }

    @Test
    void a_wanted_column_that_the_table_has_not_reads_as_null_and_any_other_is_not_read() {
        readAll(
                Messages.relation(1, "outbox", "message", new Relation.Column("secret", Oid.TEXT), ID),
                Messages.insert(1, "s", "a"));

        assertThat(rows().get(0).columns().get("id")).isEqualTo("a");
        assertThat(rows().get(0).columns().get("payload")).isNull();
        assertThatThrownBy(() -> rows().get(0).columns().get("secret")).hasMessageContaining("secret");
    }

    @Test
    void a_row_says_which_wanted_columns_its_table_had() {
        readAll(Messages.relation(1, "outbox", "message", ID, new Relation.Column("body", Oid.BYTEA)));
        readAll(Messages.insert(1, "a", "\\x00"));
        readAll(table(), Messages.insert(1, "b", null));

        assertThat(rows()).extracting(row -> row.columns().has("payload")).containsExactly(false, true);
        assertThat(rows()).extracting(row -> row.columns().has("id")).containsExactly(true, true);
    }

    @Test
    void a_table_is_read_as_it_was_described_last() {
        readAll(table(), Messages.insert(1, "a", "\\x01"));
        readAll(Messages.relation(1, "outbox", "message", PAYLOAD, new Relation.Column("new", Oid.TIMESTAMPTZ), ID));
        readAll(Messages.insert(1, "\\x02", "2026-01-01", "b"));

        assertThat(rows()).extracting(row -> row.columns().get("id")).containsExactly("a", "b");
        assertThat(rows().get(1).columns().get("payload")).isEqualTo(new byte[] {2});
    }

    @Test
    void a_changed_policy_comes_in_its_place() {
        PgOutput both = new PgOutput(
                Map.of(TABLE, WANTED, Change.PolicyChanged.TABLE, Change.PolicyChanged.COLUMNS), new NoEngine());
        try {
            for (ByteBuffer message : List.of(
                    table(),
                    Messages.relation(
                            2,
                            "outbox",
                            "policy_change",
                            new Relation.Column("object", Oid.TEXT),
                            new Relation.Column("key", Oid.TEXT),
                            new Relation.Column("policy", Oid.JSONB),
                            new Relation.Column("xact", Oid.INT8)),
                    Messages.insert(1, "a", null),
                    Messages.insert(2, "tenant", "acme", "{}", "7"),
                    Messages.insert(2, "route", "r", null, "8"))) {
                both.read(message, 1, batch);
            }
        } catch (java.sql.SQLException | InterruptedException e) {
            throw new AssertionError(e);
        }

        assertThat(batch.changes()).hasSize(3);
        assertThat(batch.changes().subList(1, 3))
                .containsExactly(
                        new Change.PolicyChanged("tenant", "acme", "{}", 7),
                        new Change.PolicyChanged("route", "r", null, 8));
    }

    private static final class NoEngine implements PgOutput.EngineRows {
        @Override
        public void describe(ByteBuffer message) {
            throw new AssertionError("not the engine's");
        }

        @Override
        public WantedValues values(ByteBuffer message, Relation relation) {
            throw new AssertionError("not the engine's");
        }
    }

    @Test
    void rows_of_other_tables_are_passed_over() {
        readAll(Messages.relation(2, "shop", "orders", ID), Messages.insert(2, "x"));
        readAll(Messages.relation(3, "", "pg_class", ID), Messages.insert(3, "x"));
        readAll(Messages.relation(4, "outbox", "mess-age", ID), Messages.insert(4, "x"));

        assertThat(batch.changes()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(chars = {'U', 'D', 'T', 'O', 'Y'})
    void other_changes_are_passed_over(char kind) {
        assertThat(read(1, Messages.other(kind))).isFalse();
        assertThat(batch.changes()).isEmpty();
    }

    @Test
    void a_wanted_column_of_a_type_that_only_the_engine_knows_makes_the_engine_read_the_table() {
        readAll(Messages.relation(1, "outbox", "message", new Relation.Column("id", ENUM), PAYLOAD));
        readAll(Messages.insert(1, "ok", "\\x01"));

        assertThat(engineSaw).containsExactly("R described", "I read");
        assertThat(rows().get(0).columns().get("id")).isEqualTo("by engine");
    }

    @Test
    void a_column_of_such_a_type_that_nobody_wants_does_not() {
        readAll(
                Messages.relation(1, "outbox", "message", ID, new Relation.Column("mood", ENUM), PAYLOAD),
                Messages.insert(1, "a", "ok", "\\x01"));

        assertThat(engineSaw).isEmpty();
        assertThat(rows().get(0).columns().get("payload")).isEqualTo(new byte[] {1});
    }

    @Test
    void a_row_whose_table_was_not_described_ends_the_stream() {
        assertThatThrownBy(() -> read(1, Messages.insert(9, "a"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void values_are_read_in_binary_and_in_text_as_each_of_them_says() {
        output.expectBinary();
        byte[] id = new byte[16];
        id[15] = 7;
        readAll(table(), Messages.insertMixed(1, id, "\\x0102"));
        readAll(Messages.relation(1, "outbox", "message", PAYLOAD, ID), Messages.insertMixed(1, id, "a"));
        readAll(Messages.relation(1, "outbox", "message", new Relation.Column("unread", ENUM), ID));
        readAll(Messages.insertMixed(1, id, "b"), Messages.insert(1, null, null));

        assertThat(rows())
                .extracting(row -> row.columns().get("id"))
                .containsExactly("00000000-0000-0000-0000-000000000007", "a", "b", null);
        assertThat(rows().get(0).columns().get("payload")).isEqualTo(new byte[] {1, 2});
        assertThat(rows().get(1).columns().get("payload")).isEqualTo(id);
    }

    @Test
    void a_type_that_only_the_engine_knows_ends_a_stream_in_binary() {
        output.expectBinary();
        ByteBuffer changed = Messages.relation(1, "outbox", "message", new Relation.Column("id", ENUM), PAYLOAD);

        assertThatThrownBy(() -> output.read(changed, 1, batch))
                .isInstanceOf(java.sql.SQLException.class)
                .hasMessageContaining("outbox.message")
                .hasMessageContaining("the next start reads in text");
        assertThat(engineSaw).isEmpty();
    }

    @Test
    void a_binary_value_of_the_wrong_length_ends_the_stream() {
        read(1, Messages.relation(1, "outbox", "message", ID));

        assertThatThrownBy(() -> read(2, Messages.insertInForm(1, 'b')))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("UUID");
    }

    @Test
    void a_value_that_was_not_sent_ends_the_stream() {
        read(1, Messages.relation(1, "outbox", "message", ID));

        assertThatThrownBy(() -> read(2, Messages.insertInForm(1, 'u'))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_row_with_another_number_of_values_than_columns_ends_the_stream() {
        read(1, table());

        assertThatThrownBy(() -> read(2, Messages.insert(1, "a"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_message_of_an_unknown_kind_ends_the_stream() {
        assertThatThrownBy(() -> read(1, Messages.other('S'))).isInstanceOf(IllegalStateException.class);
    }
}

package dev.outboxrelay.settle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Marking;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MarkSqlTest {

    @Test
    void the_native_table() {
        assertThat(MarkSql.pending(Marking.NATIVE)).isEqualTo("m.\"status\" = 'pending'");
        assertThat(MarkSql.unpublished(Marking.NATIVE)).isEqualTo("m.\"status\" IN ('pending', 'failed')");
        assertThat(MarkSql.publish(Marking.NATIVE))
                .isEqualTo("\"status\" = 'published', \"published_at\" = pg_catalog.now()");
        assertThat(MarkSql.publishLate(Marking.NATIVE)).isEqualTo(MarkSql.publish(Marking.NATIVE));
        assertThat(MarkSql.fail(Marking.NATIVE)).isEqualTo("\"status\" = 'failed'");
        assertThat(Marking.NATIVE.columns()).containsExactly("status", "published_at");
    }

    @Test
    void times_alone() {
        Marking times = new Marking(null, List.of(), null, null, "processed_at", "abandoned_at");

        assertThat(MarkSql.pending(times)).isEqualTo("m.\"processed_at\" IS NULL AND m.\"abandoned_at\" IS NULL");
        assertThat(MarkSql.unpublished(times)).isEqualTo("m.\"processed_at\" IS NULL");
        assertThat(MarkSql.publish(times)).isEqualTo("\"processed_at\" = pg_catalog.now()");
        assertThat(MarkSql.publishLate(times))
                .isEqualTo("\"processed_at\" = pg_catalog.now(), \"abandoned_at\" = NULL");
        assertThat(MarkSql.fail(times)).isEqualTo("\"abandoned_at\" = pg_catalog.now()");
        assertThat(times.canFail()).isTrue();
    }

    @Test
    void a_status_whose_other_values_are_all_pending() {
        Marking flag = new Marking("Sent", List.of(), "true", null, null, null);

        assertThat(MarkSql.pending(flag)).isEqualTo("m.\"Sent\" IS DISTINCT FROM 'true'");
        assertThat(MarkSql.unpublished(flag)).isEqualTo("m.\"Sent\" IS DISTINCT FROM 'true'");
        assertThat(MarkSql.publish(flag)).isEqualTo("\"Sent\" = 'true'");
        assertThat(flag.canFail()).isFalse();

        Marking word = new Marking("State", List.of(), "it's done", "dead", null, null);
        assertThat(MarkSql.pending(word))
                .isEqualTo("m.\"State\" IS DISTINCT FROM 'it''s done' AND m.\"State\" IS DISTINCT FROM 'dead'");
        assertThat(MarkSql.unpublished(word)).isEqualTo("m.\"State\" IS DISTINCT FROM 'it''s done'");
    }
}

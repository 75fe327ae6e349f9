package dev.outboxrelay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TenantLabelsTest {

    @Test
    void the_first_tenants_are_labelled_with_their_own_id_and_later_ones_share_a_label() {
        TenantLabels labels = new TenantLabels(2);

        var seen = IntStream.range(0, 4).mapToObj(i -> labels.labelOf("t" + i)).toList();

        assertThat(seen).containsExactly("t0", "t1", "(others)", "(others)");
    }

    @Test
    void a_tenant_keeps_its_label_whoever_comes_later() {
        TenantLabels labels = new TenantLabels(1);
        labels.labelOf("first");
        labels.labelOf("second");

        assertThat(labels.labelOf("first")).isEqualTo("first");
        assertThat(labels.labelOf("second")).isEqualTo("(others)");
    }

    @Test
    void with_a_bound_of_zero_all_tenants_are_others() {
        assertThat(new TenantLabels(0).labelOf("acme")).isEqualTo("(others)");
    }

    @Test
    void the_reserved_labels_cannot_be_tenant_ids_plain_or_encoded() {
        assertThat(TenantLabels.OTHERS).doesNotMatch("[A-Za-z0-9_=-]{1,64}");
        assertThat(TenantLabels.INVALID).doesNotMatch("[A-Za-z0-9_=-]{1,64}");
    }

    @Test
    void a_tenant_that_calls_itself_like_a_reserved_label_is_one_of_the_others_and_takes_no_place() {
        TenantLabels labels = new TenantLabels(1);

        assertThat(labels.labelOf("(others)")).isEqualTo("(others)");
        assertThat(labels.labelOf("(invalid)")).isEqualTo("(others)");
        assertThat(labels.labelOf("acme")).isEqualTo("acme");
    }

    @Test
    void a_negative_bound_is_refused_and_names_its_setting() {
        assertThatThrownBy(() -> new TenantLabels(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1")
                .hasMessageContaining("outbox.admin.max-tenant-labels");
    }

    @Test
    void threads_that_race_for_labels_never_get_more_than_the_bound() throws Exception {
        int threads = 4;
        int max = 50;
        TenantLabels labels = new TenantLabels(max);
        CyclicBarrier start = new CyclicBarrier(threads);
        Callable<Long> claimer = () -> {
            start.await();
            return IntStream.range(0, 500)
                    .filter(i -> labels.labelOf("t" + i).equals("t" + i))
                    .count();
        };
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            var own = pool.invokeAll(
                    IntStream.range(0, threads).mapToObj(i -> claimer).toList());

            for (var each : own) {
                assertThat(each.get()).isLessThanOrEqualTo(max);
            }
            assertThat(IntStream.range(0, 500)
                            .filter(i -> !labels.labelOf("t" + i).equals("(others)")))
                    .hasSize(max);
        } finally {
            pool.shutdownNow();
        }
    }
}

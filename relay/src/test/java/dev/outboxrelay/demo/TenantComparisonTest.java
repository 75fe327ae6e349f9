package dev.outboxrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class TenantComparisonTest {

    private static final String TENANT = "acme";

    @Test
    void equal_contents_have_no_difference() throws DemoFailed {
        assertThat(compare(events("a", "b", "c"), events("a", "b", "c")))
                .isEqualTo(new TenantComparison.Result(3, List.of()));
    }

    @Test
    void nothing_equals_nothing() throws DemoFailed {
        assertThat(compare(events(), events())).isEqualTo(new TenantComparison.Result(0, List.of()));
    }

    @Test
    void an_event_that_is_not_in_the_stream_is_missing_and_the_others_still_count() throws DemoFailed {
        TenantComparison.Result result = compare(events("a", "b", "c"), events("a", "c"));

        assertThat(found(result)).containsExactly("MISSING b");
        assertThat(result.agreed()).isEqualTo(2);
    }

    @Test
    void the_last_event_can_be_missing_too() throws DemoFailed {
        assertThat(found(compare(events("a", "b"), events("a")))).containsExactly("MISSING b");
    }

    @Test
    void an_event_that_comes_twice_is_doubled_at_once_or_later() throws DemoFailed {
        assertThat(found(compare(events("a", "b", "c"), events("a", "a", "b", "c", "b"))))
                .containsExactly("DOUBLED a", "DOUBLED b");
    }

    @Test
    void two_swapped_events_are_out_of_order_and_neither_is_missing() throws DemoFailed {
        assertThat(found(compare(events("a", "b", "c", "d"), events("a", "c", "b", "d"))))
                .containsExactly("OUT_OF_ORDER b");
    }

    @Test
    void an_event_of_another_tenant_is_foreign_even_under_an_id_and_place_that_fit() throws DemoFailed {
        List<Content> stream = List.of(event("a"), new Content("b", "globex-eu", "print b"), event("c"));

        assertThat(found(compare(events("a", "b", "c"), stream))).containsExactly("FOREIGN b", "MISSING b");
    }

    @Test
    void an_event_that_the_outbox_does_not_hold_is_unknown_as_a_rolled_back_one_is() throws DemoFailed {
        assertThat(found(compare(events("a", "b"), events("a", "rolled-back", "b"))))
                .containsExactly("UNKNOWN rolled-back");
    }

    @Test
    void an_event_that_changed_on_its_way_is_altered_before_and_behind_another_difference() throws DemoFailed {
        List<Content> stream =
                List.of(new Content("a", TENANT, "other bytes"), event("c"), new Content("d", TENANT, "other headers"));

        assertThat(found(compare(events("a", "b", "c", "d"), stream)))
                .containsExactly("ALTERED a", "ALTERED d", "MISSING b");
    }

    @Test
    void an_empty_stream_misses_everything() throws DemoFailed {
        assertThat(found(compare(events("a", "b"), events()))).containsExactly("MISSING a", "MISSING b");
    }

    @Test
    void a_late_double_is_found_behind_many_equal_events() throws DemoFailed {
        String[] ids = IntStream.range(0, TenantComparison.REMEMBERED + 5)
                .mapToObj(Integer::toString)
                .toArray(String[]::new);
        List<Content> stream = new ArrayList<>(events(ids));
        stream.add(event("5"));

        assertThat(found(compare(events(ids), stream))).containsExactly("DOUBLED 5");
    }

    private static TenantComparison.Result compare(List<Content> expected, List<Content> actual) throws DemoFailed {
        return TenantComparison.compare(TENANT, contents(expected), contents(actual));
    }

    private static List<String> found(TenantComparison.Result result) {
        return result.differences().stream()
                .map(difference -> difference.kind() + " " + difference.eventId())
                .toList();
    }

    private static List<Content> events(String... ids) {
        return Stream.of(ids).map(TenantComparisonTest::event).toList();
    }

    private static Content event(String id) {
        return new Content(id, TENANT, "print " + id);
    }

    private static Contents contents(List<Content> events) {
        Iterator<Content> iterator = events.iterator();
        return () -> iterator.hasNext() ? iterator.next() : null;
    }
}

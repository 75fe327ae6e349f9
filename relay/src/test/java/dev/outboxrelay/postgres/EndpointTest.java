package dev.outboxrelay.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.event.Lsn;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class EndpointTest {

    @Test
    void a_url_with_several_servers_becomes_an_endpoint_for_each_with_the_same_parameters() {
        List<Endpoint> endpoints = Endpoint.parse(
                "jdbc:postgresql://one:5433,two,[::1]:7/my%20db?sslmode=require&user=x&targetServerType=primary");

        assertThat(endpoints)
                .containsExactly(
                        new Endpoint("one", 5433, "my db", Map.of("sslmode", "require")),
                        new Endpoint("two", 5432, "my db", Map.of("sslmode", "require")),
                        new Endpoint("[::1]", 7, "my db", Map.of("sslmode", "require")));
    }

    @Test
    void an_endpoint_is_written_as_the_url_of_its_one_server() {
        Endpoint endpoint =
                Endpoint.parse("jdbc:postgresql://one,two:1/a?sslmode=require").get(1);

        assertThat(Endpoint.parse(endpoint.url())).containsExactly(endpoint);
    }

    @Test
    void a_url_of_another_database_is_refused() {
        assertThatThrownBy(() -> Endpoint.parse("jdbc:mysql://db/shop")).hasMessageContaining("outbox.postgres.url");
    }

    @Test
    void a_history_tells_where_each_earlier_timeline_was_left() {
        Map<Integer, Lsn> ancestors = TimelineHistory.parse(
                "1\t0/3000148\tno recovery target specified\n\n# comment\n2\t1/A0\tbefore 2026-01-01 00:00:00+00\n");

        assertThat(ancestors).isEqualTo(Map.of(1, Lsn.parse("0/3000148"), 2, Lsn.parse("1/A0")));
    }
}

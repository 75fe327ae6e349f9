package dev.outboxrelay.testcontainers;

import static dev.outboxrelay.testcontainers.ExpectedEvent.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the fixture promises, with a table of the application's own beside the native one. */
final class OutboxFixtureIT {

    private static OutboxFixture outbox;

    @BeforeAll
    static void start() {
        outbox = SharedOutbox.get(OutboxFixtureIT.class);
    }

    @Test
    void both_tables_in_the_order_of_commits() throws Exception {
        write(row("both", "events.order.created", "1"));
        write("INSERT INTO public.outboxevent (tenant_id, aggregatetype, aggregateid, type, payload)"
                + " VALUES ('both', 'order', '1', 'paid', '{\"cents\": 100}')");
        write(row("both", "events.order.closed", "1"));

        List<ReceivedEvent> received = outbox.assertThatTenant("both")
                .receivesExactly(
                        event("events.order.created").withPayload("1"),
                        event("order.paid")
                                .with("of 100 cents", paid -> paid.text().contains("100")),
                        event("events.order.closed"));

        assertThat(received.get(1).id()).startsWith("public.outboxevent:");
        assertThat(outbox.assertThatTenant("both")
                        .after(received.get(1).sequence())
                        .receivesExactly("events.order.closed"))
                .hasSize(1);
        assertThat(outbox.assertThatTenant("both").receives("events.order.created", "events.order.closed"))
                .extracting(ReceivedEvent::subject)
                .containsExactly("events.order.created", "events.order.closed");
    }

    @Test
    void a_rolled_back_transaction_gives_nothing() throws Exception {
        try (Connection connection = outbox.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(row("nobody", "events.order.created", "1"));
            connection.rollback();
        }

        outbox.assertThatTenant("nobody").receivesNothing();
    }

    @Test
    void a_failure_shows_what_was_there() throws Exception {
        write(row("shown", "events.order.created", "the body"));
        write(row("shown", "events.bad subject", "x"));

        assertThatThrownBy(() -> outbox.assertThatTenant("shown")
                        .within(Duration.ofSeconds(2))
                        .receives("events.order.created", "events.order.paid"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("  ok       events.order.created\n  missing  events.order.paid\n")
                .hasMessageContaining("its stream holds\n  1: events.order.created ")
                .hasMessageContaining("the body")
                .hasMessageContaining("dead events.bad subject");
        assertThatThrownBy(() -> outbox.assertThatTenant("shown").receivesNothing())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("did not get exactly");
    }

    @Test
    void the_application_is_a_writer_and_no_more() {
        assertThatThrownBy(() -> write("SELECT * FROM outbox.message")).isInstanceOf(SQLException.class);
        assertThat(outbox.relayLog()).isNotEmpty();
    }

    private static String row(String tenant, String subject, String payload) {
        return "INSERT INTO outbox.message (tenant_id, subject, payload) VALUES ('" + tenant + "', '" + subject
                + "', convert_to('" + payload + "', 'UTF8'))";
    }

    private static void write(String sql) throws SQLException {
        try (Connection connection = outbox.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

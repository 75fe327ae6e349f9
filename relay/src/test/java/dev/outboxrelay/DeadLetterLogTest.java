package dev.outboxrelay;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class DeadLetterLogTest {

    private final Logger logger = (Logger) LoggerFactory.getLogger(DeadLetterLog.class);
    private final ListAppender<ILoggingEvent> said = new ListAppender<>();
    private long now = Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(5); // it may wrap
    private final DeadLetterLog log = new DeadLetterLog(() -> now);

    @BeforeEach
    void listen() {
        said.start();
        logger.addAppender(said);
        logger.setAdditive(false);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(said);
        logger.setAdditive(true);
    }

    private void dead(String tenant, Reason reason) {
        log.dead(
                new OutboxEvent(
                        new EventId("e"),
                        new RowRef(TableName.OUTBOX_MESSAGE, "e"),
                        tenant,
                        "events.x",
                        null,
                        Payload.EMPTY,
                        new Origin(Lsn.NONE, Lsn.NONE, 0)),
                reason,
                "why");
    }

    private List<String> lines() {
        return said.list.stream()
                .map(event -> event.getFormattedMessage() + " " + event.getKeyValuePairs())
                .toList();
    }

    @Test
    void the_first_of_each_tenant_and_reason_is_said_whole() {
        dead("acme", Reason.INVALID_SUBJECT);
        dead("acme", Reason.INVALID_HEADERS);
        dead("globex", Reason.INVALID_SUBJECT);

        assertThat(lines()).hasSize(3);
        assertThat(lines().get(0))
                .contains(
                        "event became a dead letter", "tenant=\"acme\"", "reason=\"invalid_subject\"", "error=\"why\"")
                .doesNotContain("unsaid");
    }

    @Test
    void of_a_flood_one_in_ten_seconds_is_said_with_how_many_there_were() {
        dead("acme", Reason.INVALID_SUBJECT);
        now += TimeUnit.SECONDS.toNanos(9);
        for (int i = 0; i < 500; i++) {
            dead("acme", Reason.INVALID_SUBJECT);
        }
        assertThat(lines()).hasSize(1);
        now += TimeUnit.SECONDS.toNanos(2);
        dead("acme", Reason.INVALID_SUBJECT);
        now += TimeUnit.SECONDS.toNanos(11);
        dead("acme", Reason.INVALID_SUBJECT);

        assertThat(lines()).hasSize(3);
        assertThat(lines().get(1)).contains("unsaid=\"500\"");
        assertThat(lines().get(2)).doesNotContain("unsaid");
    }

    @Test
    void a_flood_of_tenants_does_not_fill_the_memory_and_forges_no_line() {
        for (int i = 0; i < 25_000; i++) {
            dead("t\n" + i, Reason.INVALID_TENANT);
        }

        assertThat(lines()).hasSize(25_000).allMatch(line -> line.indexOf('\n') < 0);
    }
}

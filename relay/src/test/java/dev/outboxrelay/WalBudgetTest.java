package dev.outboxrelay;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.slot.SlotState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class WalBudgetTest {

    private final Logger logger = (Logger) LoggerFactory.getLogger(WalBudget.class);
    private final ListAppender<ILoggingEvent> said = new ListAppender<>();
    private final List<String> relieved = new ArrayList<>();
    private final WalBudget budget = new WalBudget(1_000);
    private Optional<String> pinning = Optional.of("acme");

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

    private void see(long retained, String walStatus) {
        budget.watch(new SlotState(new Lsn(1), new Lsn(2), retained, true, walStatus), why -> {
            relieved.add(why);
            return pinning;
        });
    }

    private List<String> said() {
        return said.list.stream()
                .map(event -> event.getLevel() + " " + event.getFormattedMessage()
                        + (event.getKeyValuePairs() == null ? "" : " " + event.getKeyValuePairs()))
                .toList();
    }

    @Test
    void below_four_fifths_nobody_is_parked() {
        see(799, "reserved");
        see(799, "extended");

        assertThat(relieved).isEmpty();
        assertThat(said()).isEmpty();
    }

    @Test
    void near_the_budget_the_tenant_that_pins_the_slot_is_named_once_and_parked_each_time() {
        see(800, "reserved");
        see(900, "extended");

        assertThat(relieved).hasSize(2);
        assertThat(said()).singleElement().asString().startsWith("WARN").contains("tenant=\"acme\"", "budgetBytes");
    }

    @Test
    void who_pins_it_next_is_named_too_and_so_is_the_same_one_when_it_comes_near_again() {
        see(800, "reserved");
        pinning = Optional.of("globex");
        see(800, "reserved");
        see(10, "reserved");
        see(800, "reserved");

        assertThat(said()).hasSize(3);
        assertThat(said().get(1)).contains("globex");
        assertThat(said().get(2)).contains("globex");
    }

    @Test
    void that_no_tenant_pins_it_is_said_once() {
        pinning = Optional.empty();
        see(800, "reserved");
        see(801, "reserved");

        assertThat(said()).singleElement().asString().startsWith("ERROR").contains("no tenant pins the slot");
    }

    @Test
    void a_slot_that_is_about_to_be_lost_is_said_once_with_what_to_do_and_parks_whatever_the_budget() {
        see(10, "unreserved");
        see(11, "unreserved");

        assertThat(relieved).hasSize(2);
        assertThat(said()).hasSize(2);
        assertThat(said().get(0)).startsWith("ERROR").contains("raise max_slot_wal_keep_size now");
    }

    @Test
    void a_slot_that_is_lost_is_said_with_what_to_do() {
        see(10, "unreserved");
        see(11, "lost");

        assertThat(said()).anyMatch(line -> line.startsWith("ERROR") && line.contains("drop and create the slot"));
    }
}

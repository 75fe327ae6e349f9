package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.config.Secret;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.SettleSettings;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.settle.RowSettler;
import dev.outboxrelay.settle.Settlement;
import dev.outboxrelay.testing.TestPostgres;
import dev.outboxrelay.watermark.Ticket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A thread that settles and dies would leave every ticket open for ever: it must be heard. */
final class BrokenWorkerIT {

    @Test
    void a_settling_thread_that_a_bug_ends_says_so_and_settles_nothing() throws Exception {
        try (Outbox outbox = Outbox.withoutSlots(SharedPostgres.get(), "broken_worker")) {
            outbox.execute("INSERT INTO outbox.leader (slot, term, instance) VALUES ('any', 1, 'this test')");
            Database database = new Database(new PostgresSettings(
                    outbox.url(),
                    TestPostgres.RELAY,
                    new Secret(outbox.postgres().password(TestPostgres.RELAY)),
                    "any",
                    "outbox",
                    1L << 30));
            ServerIdentity server;
            try (var connection = outbox.superuser()) {
                server = ServerIdentity.read(connection);
            }
            CompletableFuture<Throwable> heard = new CompletableFuture<>();
            AtomicBoolean settled = new AtomicBoolean();
            // a row of a table that is in no mapping: never handed over unless somebody made a mistake
            Settlement impossible = new Settlement(new RowRef(new TableName("no", "mapping"), "1"), new Ticket(0));
            try (RowSettler settler = new RowSettler(
                    database,
                    Map.of(),
                    new SettleSettings(SettleMode.MARK, 10, Duration.ZERO),
                    new TermGuard("any", 1, server),
                    unused -> settled.set(true),
                    () -> heard.complete(new AssertionError("fenced")),
                    heard::complete)) {
                settler.start();

                settler.add(List.of(impossible));

                assertThat(heard.get(10, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
                assertThat(settled).isFalse();
            }
        }
    }
}

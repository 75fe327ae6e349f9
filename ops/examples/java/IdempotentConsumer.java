import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.IterableConsumer;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Processes each event of one tenant exactly once, however often it is delivered: the id of an event is noted in the
 * transaction that does the work, and an id that is there already is skipped. Needs {@code sql/seen_event.sql}.
 *
 * <pre>DB_USER=… DB_PASSWORD=… java -cp 'relay/target/outbox-relay/lib/*' ops/examples/java/IdempotentConsumer.java nats://localhost:4222 TENANT_ACME billing jdbc:postgresql://localhost/billing</pre>
 */
public final class IdempotentConsumer {

    /** How long a message waits before it is tried again. */
    private static final Duration RETRY = Duration.ofSeconds(5);

    private static final String SEEN =
            "INSERT INTO billing.seen_event (stream, id) VALUES (?, ?) ON CONFLICT DO NOTHING";

    private static final String WORK = "INSERT INTO billing.order_count (stream, orders) VALUES (?, 1)"
            + " ON CONFLICT (stream) DO UPDATE SET orders = billing.order_count.orders + 1";

    private IdempotentConsumer() {}

    public static void main(String[] args) throws Exception {
        AtomicBoolean stopping = new AtomicBoolean();
        Thread worker = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stopping.set(true);
            try {
                worker.join(10_000); // the message in hand is finished first
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        Options options = Options.builder().server(args[0]).maxReconnects(-1).build();
        try (Connection nats = Nats.connect(options);
                java.sql.Connection database =
                        DriverManager.getConnection(args[3], System.getenv("DB_USER"), System.getenv("DB_PASSWORD"))) {
            database.setAutoCommit(false);
            ConsumeOptions ahead = ConsumeOptions.builder().batchSize(100).build();
            try (IterableConsumer messages =
                    nats.getConsumerContext(args[1], args[2]).iterate(ahead)) {
                while (!stopping.get()) {
                    Message message = messages.nextMessage(Duration.ofMillis(250));
                    if (message != null) {
                        handle(message, database);
                    }
                }
            }
            nats.flush(Duration.ofSeconds(5)); // acknowledgements are on their way before the connection closes
        }
    }

    /** A crash before the commit: nothing was done. A crash behind it and before the acknowledgement: seen next time. */
    private static void handle(Message message, java.sql.Connection database) throws SQLException {
        String stream = message.metaData().getStream();
        String id = message.getHeaders().getFirst("Nats-Msg-Id");
        try {
            if (isNew(stream, id, database)) {
                work(stream, message, database);
                database.commit();
                System.out.println("processed " + id);
            } else {
                database.rollback();
                System.out.println("seen before " + id);
            }
            message.ack();
        } catch (SQLException e) {
            database.rollback();
            System.err.println("not processed, trying again: " + e.getMessage());
            message.nakWithDelay(RETRY); // the consumer's max_deliver ends this
        }
    }

    /** Waits for a transaction that is just processing the same event elsewhere. */
    private static boolean isNew(String stream, String id, java.sql.Connection database) throws SQLException {
        try (PreparedStatement statement = database.prepareStatement(SEEN)) {
            statement.setString(1, stream);
            statement.setString(2, id);
            return statement.executeUpdate() == 1;
        }
    }

    /** The application's work, in the same transaction. */
    private static void work(String stream, Message message, java.sql.Connection database) throws SQLException {
        try (PreparedStatement statement = database.prepareStatement(WORK)) {
            statement.setString(1, stream);
            statement.executeUpdate();
        }
    }
}

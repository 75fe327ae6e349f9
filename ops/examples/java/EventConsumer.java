import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.ConsumerContext;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Reads one tenant's events through a durable consumer that is there already, acknowledges each one once it is
 * processed, and stops cleanly on SIGTERM or Ctrl-C.
 *
 * <pre>java -cp 'relay/target/outbox-relay/lib/*' ops/examples/java/EventConsumer.java nats://localhost:4222 TENANT_ACME billing</pre>
 */
public final class EventConsumer {

    /** How long a message waits before it is tried again. */
    private static final Duration RETRY = Duration.ofSeconds(5);

    private EventConsumer() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("usage: EventConsumer NATS-URL STREAM CONSUMER");
            System.exit(2);
        }
        AtomicBoolean stopping = new AtomicBoolean();
        Thread worker = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stopping.set(true);
            try {
                worker.join(10_000); // the JVM ends when its hooks have: the message in hand is finished first
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        Options options = Options.builder()
                .server(args[0])
                .connectionName("example consumer " + args[2])
                .maxReconnects(-1)
                .build();
        try (Connection connection = Nats.connect(options)) {
            consume(bind(connection, args[1], args[2]), stopping);
            connection.flush(Duration.ofSeconds(5)); // acknowledgements are on their way before the connection closes
            System.out.println("stopped");
        } catch (JetStreamApiException e) {
            System.err.println("cannot bind to consumer " + args[2] + " of stream " + args[1] + ": " + e.getMessage());
            System.err.println("It is made with the stream, from outbox.consumer or outbox.consumers of the relay.");
            // a hook waits for this thread, so it must not wait for the hooks
            Runtime.getRuntime().halt(1);
        }
    }

    /** Never creates one: how far a durable consumer has read is the server's to keep, and its settings the relay's. */
    private static ConsumerContext bind(Connection connection, String stream, String consumer) throws Exception {
        return connection.getConsumerContext(stream, consumer);
    }

    private static void consume(ConsumerContext consumer, AtomicBoolean stopping) throws Exception {
        // Fetched ahead; keep it well below the consumer's max_ack_pending, and small enough to be processed in its
        // ack_wait.
        ConsumeOptions options = ConsumeOptions.builder().batchSize(100).build();
        try (IterableConsumer messages = consumer.iterate(options)) {
            while (!stopping.get()) {
                Message message = messages.nextMessage(Duration.ofMillis(250));
                if (message != null) {
                    handle(message);
                }
            }
            messages.stop();
            // What was fetched and not begun goes back at once, instead of after its ack_wait.
            for (Message left = messages.nextMessage(Duration.ofMillis(250));
                    left != null;
                    left = messages.nextMessage(Duration.ofMillis(250))) {
                left.nak();
            }
        }
    }

    private static void handle(Message message) {
        try {
            process(message);
            message.ack();
        } catch (RuntimeException e) {
            System.err.println("not processed, trying again: " + e);
            message.nakWithDelay(RETRY); // the consumer's max_deliver ends this
        }
    }

    /**
     * The application's work. The relay puts each event into the stream once, but an acknowledgement can be lost, so an
     * event can be delivered twice: note its id in the transaction that does the work, and skip an id that is there.
     */
    private static void process(Message message) {
        String id = message.getHeaders().getFirst("Nats-Msg-Id");
        System.out.println(message.getSubject() + " " + id);
    }
}

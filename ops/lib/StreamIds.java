import io.nats.client.Connection;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StreamState;
import java.time.Duration;

/** Prints "STREAM MESSAGE-ID" for every message of every stream of a NATS server, streams by name, messages in order. */
final class StreamIds {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private StreamIds() {}

    public static void main(String[] arguments) throws Exception {
        StringBuilder lines = new StringBuilder();
        try (Connection connection = Nats.connect(arguments[0])) {
            JetStreamManagement management = connection.jetStreamManagement();
            for (String stream : management.getStreamNames().stream().sorted().toList()) {
                StreamState state = management.getStreamInfo(stream).getStreamState();
                if (state.getMsgCount() > 0) {
                    read(connection, stream, state.getLastSequence(), lines);
                }
            }
        }
        System.out.print(lines);
    }

    private static void read(Connection connection, String stream, long last, StringBuilder lines) throws Exception {
        OrderedConsumerConfiguration headers = new OrderedConsumerConfiguration().headersOnly(true);
        try (IterableConsumer messages =
                connection.getStreamContext(stream).createOrderedConsumer(headers).iterate()) {
            long sequence;
            do {
                Message message = messages.nextMessage(PATIENCE);
                if (message == null) {
                    throw new IllegalStateException(stream + " does not hand over its messages");
                }
                String id = message.getHeaders() == null ? null : message.getHeaders().getFirst("Nats-Msg-Id");
                lines.append(stream).append(' ').append(id).append('\n');
                sequence = message.metaData().streamSequence();
            } while (sequence < last);
        }
    }
}

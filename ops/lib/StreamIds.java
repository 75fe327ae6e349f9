import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamState;

/** Prints "STREAM MESSAGE-ID" for every message of every stream of a NATS server, streams by name, messages in order. */
final class StreamIds {
    private StreamIds() {}

    public static void main(String[] arguments) throws Exception {
        StringBuilder lines = new StringBuilder();
        try (Connection connection = Nats.connect(arguments[0])) {
            JetStreamManagement management = connection.jetStreamManagement();
            for (String stream : management.getStreamNames().stream().sorted().toList()) {
                StreamState state = management.getStreamInfo(stream).getStreamState();
                for (long sequence = state.getFirstSequence(); sequence <= state.getLastSequence(); sequence++) {
                    MessageInfo message = management.getMessage(stream, sequence);
                    String id = message.getHeaders() == null ? null : message.getHeaders().getFirst("Nats-Msg-Id");
                    lines.append(stream).append(' ').append(id).append('\n');
                }
            }
        }
        System.out.print(lines);
    }
}

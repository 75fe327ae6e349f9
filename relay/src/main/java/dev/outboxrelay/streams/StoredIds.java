package dev.outboxrelay.streams;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.Message;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;

/** Reads which events are in a tenant's stream, without their payloads. Blocks on the network. */
public final class StoredIds {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int PART = 1_000;

    /** Told of some of the ids. */
    public interface Reader<X extends Exception> {
        void read(Set<EventId> ids) throws X, InterruptedException;
    }

    /** The stream is there, or nobody knows, and cannot be read. */
    public static final class Unreadable extends Exception {

        private static final long serialVersionUID = 1L;

        Unreadable(String why) {
            super(why);
        }
    }

    private final Connection connection;

    public StoredIds(Connection connection) {
        this.connection = connection;
    }

    /** Whether NATS is there at all. */
    public boolean isConnected() {
        return connection.getStatus() == Connection.Status.CONNECTED;
    }

    /**
     * Reads them; none where there is no such stream, or it is somebody else's.
     *
     * @param since what was stored earlier is left out
     */
    public <X extends Exception> void since(Address address, Instant since, Reader<X> reader)
            throws Unreadable, X, InterruptedException {
        String stream = address.stream().value();
        try {
            StreamInfo info = connection.jetStreamManagement().getStreamInfo(stream);
            StreamDirectory.verifyOwner(address, info);
            StreamState state = info.getStreamState();
            boolean older = state.getLastTime() == null
                    || state.getLastTime().toInstant().isBefore(since);
            if (state.getMsgCount() > 0 && !older) {
                read(connection, stream, state.getLastSequence(), since, reader);
            }
        } catch (StreamDirectory.NotOurs e) {
            return; // nothing of this tenant can be in it
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() != ServerErrors.STREAM_NOT_FOUND) {
                throw new Unreadable("stream " + stream + " cannot be read: " + e.getMessage());
            }
        } catch (IOException | JetStreamStatusCheckedException | IllegalStateException e) {
            throw new Unreadable("stream " + stream + " cannot be read: " + e.getMessage());
        }
    }

    /**
     * Reads the ids of what was stored since then, up to a sequence or to the end.
     *
     * @param last itself may have been deleted, and others may come as fast as they are read
     */
    static <X extends Exception> void read(
            Connection connection, String stream, long last, Instant since, Reader<X> reader)
            throws IOException, JetStreamApiException, JetStreamStatusCheckedException, Unreadable, X,
                    InterruptedException {
        OrderedConsumerConfiguration headers = new OrderedConsumerConfiguration()
                .deliverPolicy(DeliverPolicy.All)
                .headersOnly(true);
        if (since.isAfter(Instant.EPOCH)) {
            headers.deliverPolicy(DeliverPolicy.ByStartTime).startTime(since.atZone(ZoneOffset.UTC));
        }
        IterableConsumer messages = connection
                .getStreamContext(stream)
                .createOrderedConsumer(headers)
                .iterate(ConsumeOptions.builder().batchSize(PART).build());
        try {
            Set<EventId> part = new HashSet<>();
            long at = 0;
            long pending = 1;
            while (at < last && pending > 0) {
                Message message = messages.nextMessage(PATIENCE);
                if (message == null) {
                    throw new Unreadable("stream " + stream + " gave no message behind sequence " + at + " of " + last
                            + " for " + PATIENCE.toSeconds() + " s");
                }
                at = message.metaData().streamSequence();
                pending = message.metaData().pendingCount();
                String id = message.hasHeaders() ? message.getHeaders().getFirst("Nats-Msg-Id") : null;
                if (id != null && EventId.isValid(id)) {
                    part.add(new EventId(id));
                }
                if (part.size() == PART) {
                    reader.read(part);
                    part = new HashSet<>();
                }
            }
            if (!part.isEmpty()) {
                reader.read(part);
            }
        } finally {
            messages.stop();
        }
    }
}

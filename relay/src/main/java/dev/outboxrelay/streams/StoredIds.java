package dev.outboxrelay.streams;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;

/** Reads which events are in a tenant's stream, without their payloads. Blocks on the network. */
public final class StoredIds {

    private static final Duration SILENCE = Duration.ofSeconds(5);
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
                read(stream, state.getLastSequence(), since, reader);
            }
        } catch (StreamDirectory.NotOurs e) {
            return; // nothing of this tenant can be in it
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() != ServerErrors.STREAM_NOT_FOUND) {
                throw new Unreadable("stream " + stream + " cannot be read: " + e.getMessage());
            }
        } catch (IOException | IllegalStateException e) {
            throw new Unreadable("stream " + stream + " cannot be read: " + e.getMessage());
        }
    }

    private <X extends Exception> void read(String stream, long last, Instant since, Reader<X> reader)
            throws IOException, JetStreamApiException, Unreadable, X, InterruptedException {
        ConsumerConfiguration.Builder consumer = ConsumerConfiguration.builder().headersOnly(true);
        if (since.isAfter(Instant.EPOCH)) {
            consumer.deliverPolicy(DeliverPolicy.ByStartTime).startTime(since.atZone(ZoneOffset.UTC));
        }
        PushSubscribeOptions options = PushSubscribeOptions.builder().stream(stream)
                .ordered(true)
                .configuration(consumer.build())
                .build();
        JetStreamSubscription subscription = connection.jetStream().subscribe(">", options);
        try {
            Set<EventId> part = new HashSet<>();
            long at = 0;
            long pending = 1;
            while (at < last && pending > 0) {
                Message message = subscription.nextMessage(SILENCE);
                if (message == null) {
                    throw new Unreadable("stream " + stream + " cannot be read beyond sequence " + at + " of " + last);
                }
                at = message.metaData().streamSequence();
                pending = message.metaData().pendingCount();
                Headers headers = message.getHeaders();
                String id = headers == null ? null : headers.getFirst("Nats-Msg-Id");
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
            subscription.unsubscribe();
        }
    }
}

package dev.outboxrelay.streams;

import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is left of a tenant in its stream, and who has not read it.
 *
 * @param messages how many there are
 * @param bytes how many they take
 * @param lastAt when the last one came; at the beginning of time when there was none
 * @param readers every consumer of the stream
 */
public record StreamRemains(long messages, long bytes, Instant lastAt, List<Reader> readers) {

    /**
     * A consumer.
     *
     * @param unread messages that it has not been given yet
     * @param unacknowledged messages that it was given and has not acknowledged
     */
    public record Reader(String name, long unread, long unacknowledged) {}

    /** Why a stream cannot be looked at or deleted, with what to do. */
    public static final class Refused extends Exception {

        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why);
        }
    }

    /** Whether somebody may still want something: a message that nobody has read, or no consumer to tell. */
    public boolean isUnread() {
        return messages > 0
                && (readers.isEmpty()
                        || readers.stream().anyMatch(reader -> reader.unread() + reader.unacknowledged() > 0));
    }

    /** Looks; empty when there is no stream. */
    public static Optional<StreamRemains> look(Connection connection, Address address) throws Refused {
        String stream = address.stream().value();
        try {
            JetStreamManagement management = connection.jetStreamManagement();
            StreamInfo info;
            try {
                info = management.getStreamInfo(stream);
            } catch (JetStreamApiException e) {
                if (e.getApiErrorCode() == ServerErrors.STREAM_NOT_FOUND) {
                    return Optional.empty();
                }
                throw e;
            }
            StreamDirectory.verifyOwner(address, info);
            List<Reader> readers = new ArrayList<>();
            for (ConsumerInfo consumer : management.getConsumers(stream)) {
                readers.add(new Reader(consumer.getName(), consumer.getNumPending(), consumer.getNumAckPending()));
            }
            Instant last = info.getStreamState().getLastTime() == null
                    ? Instant.EPOCH
                    : info.getStreamState().getLastTime().toInstant();
            return Optional.of(new StreamRemains(
                    info.getStreamState().getMsgCount(), info.getStreamState().getByteCount(), last, readers));
        } catch (StreamDirectory.NotOurs e) {
            throw new Refused(e.failure().text());
        } catch (IOException | JetStreamApiException e) {
            throw new Refused("stream " + stream + " cannot be looked at: " + e.getMessage());
        }
    }

    /** Deletes the tenant's stream with all that is in it. */
    public static void delete(Connection connection, Address address) throws Refused {
        try {
            connection.jetStreamManagement().deleteStream(address.stream().value());
        } catch (IOException | JetStreamApiException e) {
            throw new Refused("stream " + address.stream() + " cannot be deleted: " + e.getMessage());
        }
    }
}

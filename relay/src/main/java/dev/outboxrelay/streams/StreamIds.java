package dev.outboxrelay.streams;

import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which events of {@code outbox.message} a tenant's stream holds, and what it keeps. Reads headers, not payloads.
 *
 * @param ids those of its messages that somebody wants to know about
 */
public record StreamIds(Set<UUID> ids, StreamKeeps keeps) {

    private static final String READING = " (reading takes publish permission on $JS.API.CONSUMER.CREATE.<stream>.>"
            + " and $JS.API.CONSUMER.MSG.NEXT.<stream>.>)";

    /** The length of a UUID as the relay writes it. */
    private static final int UUID_LENGTH = 36;

    public StreamIds {
        ids = Set.copyOf(ids);
    }

    /**
     * Reads the whole stream, up to where it ends now.
     *
     * @param wanted the events that may be in it
     * @return empty when there is no stream
     */
    public static Optional<StreamIds> read(Connection connection, Address address, Set<UUID> wanted)
            throws StreamRemains.Refused, InterruptedException {
        String stream = address.stream().value();
        try {
            StreamInfo info = find(connection, stream);
            if (info == null) {
                return Optional.empty();
            }
            StreamDirectory.verifyOwner(address, info);
            verifyKeeps(stream, info.getConfiguration());
            Set<UUID> ids = info.getStreamState().getMsgCount() == 0
                    ? Set.of()
                    : all(connection, stream, info.getStreamState().getLastSequence(), wanted);
            return Optional.of(new StreamIds(ids, StreamKeeps.of(info)));
        } catch (StreamDirectory.NotOurs e) {
            throw new StreamRemains.Refused(e.failure().text());
        } catch (StoredIds.Unreadable e) {
            throw new StreamRemains.Refused(e.getMessage() + READING);
        } catch (IOException | JetStreamApiException | JetStreamStatusCheckedException e) {
            throw new StreamRemains.Refused("stream " + stream + " cannot be read: " + e.getMessage() + READING);
        }
    }

    /** A stream that deletes messages as it goes cannot tell what it has lost. */
    private static void verifyKeeps(String stream, StreamConfiguration shape) throws StreamRemains.Refused {
        if (shape.getRetentionPolicy() != RetentionPolicy.Limits) {
            throw new StreamRemains.Refused("stream " + stream + " deletes what was read (retention "
                    + shape.getRetentionPolicy() + "): nobody can tell what of it was lost");
        }
        if (shape.getMaxMsgsPerSubject() > 0) {
            throw new StreamRemains.Refused("stream " + stream + " keeps " + shape.getMaxMsgsPerSubject()
                    + " messages a subject: nobody can tell what of it was lost");
        }
    }

    private static @Nullable StreamInfo find(Connection connection, String stream)
            throws IOException, JetStreamApiException {
        try {
            return connection.jetStreamManagement().getStreamInfo(stream);
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.STREAM_NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    private static Set<UUID> all(Connection connection, String stream, long last, Set<UUID> wanted)
            throws IOException, JetStreamApiException, JetStreamStatusCheckedException, StoredIds.Unreadable,
                    InterruptedException {
        Set<UUID> ids = new HashSet<>();
        StoredIds.<RuntimeException>read(
                connection, stream, last, Instant.EPOCH, part -> part.forEach(id -> add(ids, id.value(), wanted)));
        return ids;
    }

    private static void add(Set<UUID> ids, String id, Set<UUID> wanted) {
        if (id.length() != UUID_LENGTH) {
            return;
        }
        try {
            UUID uuid = UUID.fromString(id);
            if (wanted.contains(uuid)) {
                ids.add(uuid);
            }
        } catch (IllegalArgumentException e) {
            // somebody else's message
        }
    }
}

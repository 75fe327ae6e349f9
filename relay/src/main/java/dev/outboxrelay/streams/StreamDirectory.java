package dev.outboxrelay.streams;

import dev.outboxrelay.config.StreamSettings;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.lane.StreamTail;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Looks tenants' streams up, creates them when they are missing, and tells where they end. Blocks on the network;
 * thread-safe.
 */
final class StreamDirectory {

    /** How many foreign messages at a stream's end are read to find our own last one. */
    private static final int FOREIGN_BOUND = 1_000;

    private static final String TENANT = "outbox.tenant";

    private final JetStreamManagement management;
    private final StreamSettings settings;
    private final Runnable created;

    StreamDirectory(Connection connection, StreamSettings settings, Runnable created) throws IOException {
        this.management = connection.jetStreamManagement();
        this.settings = settings;
        this.created = created;
    }

    /** The stream's end, after making sure that the stream is there and is this tenant's. */
    StreamTail attach(Address address, OptionalLong probe) throws IOException, JetStreamApiException, NotOurs {
        StreamInfo info = find(address);
        if (info == null) {
            info = create(address);
        }
        verifyOwner(address, info);
        return tail(address.stream().value(), info.getStreamState().getLastSequence(), probe);
    }

    private @Nullable StreamInfo find(Address address) throws IOException, JetStreamApiException {
        try {
            return management.getStreamInfo(address.stream().value());
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.STREAM_NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    private StreamInfo create(Address address) throws IOException, JetStreamApiException {
        StreamInfo info = management.addStream(StreamConfiguration.builder()
                .name(address.stream().value())
                .subjects(address.subjects())
                .retentionPolicy(RetentionPolicy.Limits)
                .discardPolicy(DiscardPolicy.Old)
                .storageType(StorageType.File)
                .replicas(settings.replicas())
                .maxAge(settings.maxAge())
                .maxMessages(settings.maxMessages())
                .duplicateWindow(settings.duplicateWindow())
                .metadata(Map.of(TENANT, address.tenant().value()))
                .build());
        created.run();
        return info;
    }

    /** A stream without the metadata was made by somebody else; it is ours if it takes exactly our subjects. */
    private static void verifyOwner(Address address, StreamInfo info) throws NotOurs {
        Map<String, String> metadata = info.getConfiguration().getMetadata();
        String owner = metadata == null ? null : metadata.get(TENANT);
        if (owner != null && !owner.equals(address.tenant().value())) {
            throw new NotOurs(new Failure(
                    Failure.Kind.NAME_CONFLICT,
                    "tenant_name_conflict",
                    "stream " + address.stream() + " belongs to tenant '" + owner
                            + "', whose id differs only by case; rename one of them or set outbox.naming: encode"));
        }
        if (!info.getConfiguration().getSubjects().contains(address.subjects()) && owner == null) {
            throw new NotOurs(new Failure(
                    Failure.Kind.TENANT_TROUBLE,
                    "foreign_stream",
                    "stream " + address.stream() + " exists, but it neither takes " + address.subjects()
                            + " nor names its tenant in the metadata " + TENANT));
        }
    }

    private StreamTail tail(String stream, long lastSequence, OptionalLong probe)
            throws IOException, JetStreamApiException {
        Optional<String> probed = probe.isPresent() ? messageId(stream, probe.getAsLong()) : Optional.empty();
        if (lastSequence == 0) {
            return new StreamTail(0, new StreamTail.End.Empty(), probed);
        }
        MessageInfo last;
        try {
            last = management.getLastMessage(stream, ">");
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.MESSAGE_NOT_FOUND) {
                return new StreamTail(lastSequence, new StreamTail.End.Gone(), probed);
            }
            throw e;
        }
        return new StreamTail(Math.max(lastSequence, last.getSeq()), ownLast(stream, last), probed);
    }

    private StreamTail.End ownLast(String stream, MessageInfo last) throws IOException, JetStreamApiException {
        MessageInfo message = last;
        int searched = 0;
        for (long sequence = last.getSeq() - 1; ; sequence--) {
            searched++;
            StreamTail.End.Own own = message == null ? null : own(message);
            if (own != null) {
                return own;
            }
            if (sequence < 1 || searched > FOREIGN_BOUND) {
                return new StreamTail.End.Foreign(searched);
            }
            message = message(stream, sequence);
        }
    }

    private StreamTail.End.@Nullable Own own(MessageInfo message) {
        Headers headers = message.getHeaders();
        String id = headers == null ? null : headers.getFirst("Nats-Msg-Id");
        String position = headers == null ? null : headers.getFirst(Position.HEADER);
        if (id == null || position == null || !EventId.isValid(id)) {
            return null;
        }
        return new StreamTail.End.Own(new EventId(id), message.getSeq(), Position.decode(position));
    }

    private Optional<String> messageId(String stream, long sequence) throws IOException, JetStreamApiException {
        MessageInfo message = message(stream, sequence);
        Headers headers = message == null ? null : message.getHeaders();
        return headers == null ? Optional.empty() : Optional.ofNullable(headers.getFirst("Nats-Msg-Id"));
    }

    private @Nullable MessageInfo message(String stream, long sequence) throws IOException, JetStreamApiException {
        try {
            return management.getMessage(stream, sequence);
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.MESSAGE_NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    /** The stream of that name is not this tenant's. */
    static final class NotOurs extends Exception {

        private static final long serialVersionUID = 1L;
        private final transient Failure failure;

        NotOurs(Failure failure) {
            super(failure.text());
            this.failure = failure;
        }

        Failure failure() {
            return failure;
        }
    }
}

package dev.outboxrelay.streams;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.Look;
import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.lane.StreamTail;
import dev.outboxrelay.policy.StreamPlan;
import dev.outboxrelay.policy.StreamPolicy;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks tenants' streams up, creates them when they are missing, and tells where they end. Blocks on the network;
 * thread-safe.
 */
final class StreamDirectory {

    /** How many foreign messages at a stream's end are read to find our own last one. */
    private static final int FOREIGN_BOUND = 1_000;

    /** The largest window that can be configured. */
    private static final int MOST_IN_FLIGHT = 100_000;

    private static final String TENANT = "outbox.tenant";
    private static final String BEGINS = "outbox.begins";

    private final JetStreamManagement management;
    private final Runnable created;

    StreamDirectory(Connection connection, Runnable created) throws IOException {
        this.management = connection.jetStreamManagement();
        this.created = created;
    }

    /** The stream's end; it exists and is this tenant's. */
    StreamTail tail(Address address, StreamInfo info, Look look) throws IOException, JetStreamApiException {
        long first = Math.max(info.getStreamState().getFirstSequence(), begins(info) + 1);
        return tail(address.stream().value(), info.getStreamState(), first, look);
    }

    /** All streams there are. */
    List<StreamInfo> all() throws IOException, JetStreamApiException {
        return management.getStreams();
    }

    /** The tenant's stream; null when there is none. */
    @Nullable
    StreamInfo find(Address address) throws IOException, JetStreamApiException {
        try {
            return management.getStreamInfo(address.stream().value());
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.STREAM_NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    StreamInfo create(Address address, StreamPolicy policy) throws IOException, JetStreamApiException {
        StreamConfiguration.Builder builder = StreamConfiguration.builder()
                .name(address.stream().value())
                .subjects(address.subjects())
                .retentionPolicy(RetentionPolicy.Limits)
                .metadata(Map.of(TENANT, address.tenant().value(), StreamPlan.MARK_KEY, StreamPlan.mark(policy)));
        StreamInfo info =
                management.addStream(StreamShapes.apply(policy, builder).build());
        created.run();
        return info;
    }

    /** Gives a stream another shape; whatever else it has stays. */
    void update(StreamInfo info, StreamPolicy target, String mark) throws IOException, JetStreamApiException {
        Map<String, String> metadata = new HashMap<>();
        Map<String, String> before = info.getConfiguration().getMetadata();
        if (before != null) {
            before.forEach((key, value) -> {
                if (!key.startsWith("_nats.")) { // the server's own
                    metadata.put(key, value);
                }
            });
        }
        metadata.put(StreamPlan.MARK_KEY, mark);
        StreamConfiguration.Builder builder =
                StreamConfiguration.builder(info.getConfiguration()).metadata(metadata);
        management.updateStream(StreamShapes.apply(target, builder).build());
    }

    /** A stream without the metadata was made by somebody else; it is ours if it takes exactly our subjects. */
    static void verifyOwner(Address address, StreamInfo info) throws NotOurs {
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

    /**
     * The sequence up to which somebody else filled the stream before the relay was there, as the metadata say: there
     * is nothing of ours up to it. 0 where they say nothing that can be read.
     */
    private static long begins(StreamInfo info) {
        Map<String, String> metadata = info.getConfiguration().getMetadata();
        String sequence = metadata == null ? null : metadata.get(BEGINS);
        return sequence != null && sequence.matches("[0-9]{1,18}") ? Long.parseLong(sequence) : 0;
    }

    private StreamTail tail(String stream, StreamState state, long firstSequence, Look look)
            throws IOException, JetStreamApiException {
        Optional<StreamTail.Probe> probe = look.probe().isPresent()
                ? Optional.of(probe(stream, look.probe().getAsLong()))
                : Optional.empty();
        if (state.getLastSequence() == 0) {
            return new StreamTail(0, new StreamTail.End.Empty(), probe, Set.of());
        }
        MessageInfo last;
        try {
            last = management.getLastMessage(stream, ">");
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.MESSAGE_NOT_FOUND) {
                return new StreamTail(state.getLastSequence(), new StreamTail.End.Gone(), probe, Set.of());
            }
            throw e;
        }
        long lastSequence = Math.max(state.getLastSequence(), last.getSeq());
        StreamTail.End end = ownLast(stream, last, firstSequence);
        if (end instanceof StreamTail.End.Own own && look.first()) {
            return firstLook(stream, lastSequence, own, probe);
        }
        if (!(end instanceof StreamTail.End.Own own) || look.inFlight() == 0) {
            return new StreamTail(lastSequence, end, probe, Set.of());
        }
        long added = own.sequence() - look.behind();
        return added > look.inFlight() + FOREIGN_BOUND
                ? new StreamTail(
                        lastSequence, new StreamTail.End.Foreign((int) Math.min(added, 1 << 30)), probe, Set.of())
                : new StreamTail(lastSequence, end, probe, behind(stream, look.behind(), own));
    }

    private StreamTail.End ownLast(String stream, MessageInfo last, long firstSequence)
            throws IOException, JetStreamApiException {
        MessageInfo message = last;
        int searched = 0;
        for (long sequence = last.getSeq() - 1; ; sequence--) {
            searched++;
            StreamTail.End.Own own = message == null ? null : own(message);
            if (own != null) {
                return own;
            }
            if (sequence < Math.max(firstSequence, 1)) {
                return new StreamTail.End.Gone();
            }
            if (searched > FOREIGN_BOUND) {
                return new StreamTail.End.Foreign(searched);
            }
            message = message(stream, sequence);
        }
    }

    /** Reads what was in flight together with our last message: what of it is there, and whether all of it is ours. */
    private StreamTail firstLook(
            String stream, long lastSequence, StreamTail.End.Own own, Optional<StreamTail.Probe> probe)
            throws IOException, JetStreamApiException {
        long stored = own.position().map(Position::stored).orElse(own.sequence() - 1);
        long between = own.sequence() - 1 - stored;
        // too much to read is as good as pierced: a duplicate is better than a loss
        Set<EventId> ids = between > MOST_IN_FLIGHT ? Set.of(own.id()) : behind(stream, stored, own);
        boolean pierced = ids.size() < between + 1;
        StreamTail.End end = new StreamTail.End.Own(own.id(), own.sequence(), own.position(), pierced);
        return new StreamTail(lastSequence, end, probe, ids);
    }

    /** The ids of our messages behind a sequence, the last of them known; one read for each that lies between. */
    private Set<EventId> behind(String stream, long sequence, StreamTail.End.Own last)
            throws IOException, JetStreamApiException {
        Set<EventId> ids = new HashSet<>();
        for (long at = sequence + 1; at < last.sequence(); at++) {
            MessageInfo message = message(stream, at);
            StreamTail.End.Own own = message == null ? null : own(message);
            if (own != null) {
                ids.add(own.id());
            }
        }
        if (last.sequence() > sequence) {
            ids.add(last.id());
        }
        return ids;
    }

    private StreamTail.End.@Nullable Own own(MessageInfo message) {
        Headers headers = message.getHeaders();
        String id = headers == null ? null : headers.getFirst("Nats-Msg-Id");
        String position = headers == null ? null : headers.getFirst(Position.HEADER);
        if (id == null || position == null || !EventId.isValid(id)) {
            return null;
        }
        return new StreamTail.End.Own(new EventId(id), message.getSeq(), Position.decode(position), false);
    }

    private StreamTail.Probe probe(String stream, long sequence) throws IOException, JetStreamApiException {
        MessageInfo message = message(stream, sequence);
        if (message == null) {
            return new StreamTail.Probe.Gone();
        }
        Headers headers = message.getHeaders();
        String id = headers == null ? null : headers.getFirst("Nats-Msg-Id");
        return new StreamTail.Probe.Message(id == null ? "" : id);
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

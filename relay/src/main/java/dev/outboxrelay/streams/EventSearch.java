package dev.outboxrelay.streams;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for one event in a tenant's stream. JetStream has no index of ids: it reads the messages of the event's subject
 * one by one, from the time on at which it should have been stored, and no more than so many. It makes no consumer, so
 * it needs no more permissions than the relay has anyway.
 */
public final class EventSearch {

    /** Messages of any subject that are read after those of the event's own: a routing rule may have renamed it. */
    private static final int OF_ANY_SUBJECT = 1_000;

    private static final long MOST_BYTES = 64 << 20;

    /** What came of it. */
    public sealed interface Result {

        /** It is there. */
        record Stored(long sequence, Instant at, String subject, List<Reader> readers) implements Result {
            public Stored {
                readers = List.copyOf(readers);
            }
        }

        /**
         * It was not found.
         *
         * @param read how many messages were read
         * @param bounded whether there were more that it may be among
         */
        record Absent(int read, boolean bounded, StreamKeeps keeps) implements Result {}

        /** There is no such stream. */
        record NoStream() implements Result {}
    }

    /**
     * How far a durable consumer is with the event.
     *
     * @param filters which subjects it wants; empty for all
     */
    public record Reader(String name, Progress progress, List<String> filters) {
        public Reader {
            filters = List.copyOf(filters);
        }
    }

    /** What a consumer has done with a message, as far as its figures tell. */
    public enum Progress {
        /** It and everything before it is acknowledged. */
        ACKNOWLEDGED,
        /** It was given; whether it is acknowledged cannot be told, since an earlier one is not. */
        GIVEN,
        /** It was not given yet. */
        AHEAD
    }

    private final JetStreamManagement management;
    private final String stream;
    private final EventId event;
    private final int most;
    private int read;
    private long bytes;

    private EventSearch(JetStreamManagement management, String stream, EventId event, int most) {
        this.management = management;
        this.stream = stream;
        this.event = event;
        this.most = most;
    }

    /**
     * Searches.
     *
     * @param subjects whole subjects that it may have, the likely one first; empty when nobody knows
     * @param from when it may have been stored, the likely time first, the earliest last; empty when nobody knows
     * @param most messages to be read
     */
    public static Result find(
            Connection connection, Address address, EventId event, Set<String> subjects, List<Instant> from, int most)
            throws StreamRemains.Refused {
        String stream = address.stream().value();
        try {
            JetStreamManagement management = connection.jetStreamManagement();
            StreamInfo info;
            try {
                info = management.getStreamInfo(stream);
            } catch (JetStreamApiException e) {
                if (e.getApiErrorCode() == ServerErrors.STREAM_NOT_FOUND) {
                    return new Result.NoStream();
                }
                throw e;
            }
            StreamDirectory.verifyOwner(address, info);
            return new EventSearch(management, stream, event, most).run(info, subjects, from);
        } catch (StreamDirectory.NotOurs e) {
            throw new StreamRemains.Refused(e.failure().text());
        } catch (IOException | JetStreamApiException e) {
            throw new StreamRemains.Refused("stream " + stream + " cannot be looked at: " + e.getMessage());
        }
    }

    private Result run(StreamInfo info, Set<String> subjects, List<Instant> from)
            throws IOException, JetStreamApiException {
        StreamState state = info.getStreamState();
        Set<Long> begins = new LinkedHashSet<>();
        for (Instant time : from) {
            begins.add(firstSince(time, state.getFirstSequence(), state.getLastSequence()));
        }
        if (begins.isEmpty()) {
            begins.add(Math.max(state.getFirstSequence(), state.getLastSequence() - most + 1));
        }
        int passes = begins.size() * Math.max(1, subjects.size());
        boolean bounded = false;
        for (long begin : begins) {
            bounded = false; // the last beginning is the earliest: it alone has to come to the end
            for (String subject : subjects.isEmpty() ? Set.of(">") : subjects) {
                int until = read + Math.max(1, most / passes);
                MessageInfo found = walk(begin, subject, until);
                if (found != null) {
                    return stored(found);
                }
                bounded |= read >= until || bytes >= MOST_BYTES;
            }
        }
        if (!subjects.isEmpty()) {
            MessageInfo found = walk(begins.iterator().next(), ">", read + Math.min(most, OF_ANY_SUBJECT));
            if (found != null) {
                return stored(found);
            }
        }
        return new Result.Absent(read, bounded || (from.isEmpty() && state.getMsgCount() > most), StreamKeeps.of(info));
    }

    /** The first sequence at or behind which nothing is older: some twenty reads in a stream of a million. */
    private long firstSince(Instant time, long first, long last) throws IOException, JetStreamApiException {
        long low = first;
        long high = last + 1;
        while (low < high) {
            long middle = low + (high - low) / 2;
            MessageInfo message = next(middle, ">");
            if (message == null || !message.getTime().toInstant().isBefore(time)) {
                high = middle;
            } else {
                low = message.getSeq() + 1;
            }
        }
        return low;
    }

    private @Nullable MessageInfo walk(long begin, String subject, int until)
            throws IOException, JetStreamApiException {
        long at = Math.max(1, begin);
        while (read < until && bytes < MOST_BYTES) {
            MessageInfo message = next(at, subject);
            if (message == null) {
                return null;
            }
            read++;
            bytes += message.getData() == null ? 0 : message.getData().length;
            Headers headers = message.getHeaders();
            if (headers != null && event.value().equals(headers.getFirst("Nats-Msg-Id"))) {
                return message;
            }
            at = message.getSeq() + 1;
        }
        return null;
    }

    private @Nullable MessageInfo next(long sequence, String subject) throws IOException, JetStreamApiException {
        try {
            return management.getNextMessage(stream, Math.max(1, sequence), subject);
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == ServerErrors.MESSAGE_NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    private Result stored(MessageInfo message) throws IOException, JetStreamApiException {
        List<Reader> readers = new ArrayList<>();
        for (ConsumerInfo consumer : management.getConsumers(stream)) {
            if (consumer.getConsumerConfiguration().getDurable() != null) {
                List<String> filters = consumer.getConsumerConfiguration().getFilterSubjects();
                readers.add(new Reader(
                        consumer.getName(),
                        progress(consumer, message.getSeq()),
                        filters == null ? List.of() : filters));
            }
        }
        return new Result.Stored(message.getSeq(), message.getTime().toInstant(), message.getSubject(), readers);
    }

    private static Progress progress(ConsumerInfo consumer, long sequence) {
        if (consumer.getAckFloor().getStreamSequence() >= sequence) {
            return Progress.ACKNOWLEDGED;
        }
        return consumer.getDelivered().getStreamSequence() >= sequence ? Progress.GIVEN : Progress.AHEAD;
    }
}

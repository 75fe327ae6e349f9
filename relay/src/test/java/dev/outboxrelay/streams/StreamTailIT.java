package dev.outboxrelay.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Compression;
import dev.outboxrelay.config.Discard;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.Storage;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.SlotIdentity;
import dev.outboxrelay.lane.Look;
import dev.outboxrelay.lane.StreamTail;
import dev.outboxrelay.policy.StreamPolicy;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.PurgeOptions;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What a lane is told about the end of its stream, read from a real server. */
final class StreamTailIT {

    private static final Look FIRST = new Look(OptionalLong.empty(), 0, true, 0);

    private static final StreamPolicy POLICY = new StreamPolicy(
            Duration.ofHours(1), 1_000_000, -1, 1, Discard.OLD, Storage.FILE, Compression.NONE, Duration.ofMillis(100));

    private static TestNats nats;
    private static Connection connection;
    private static StreamDirectory directory;

    private Address address = Address.of("unset", Naming.STRICT).orElseThrow();

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        connection = nats.connection();
        directory = new StreamDirectory(connection, () -> {});
    }

    @AfterAll
    static void stop() throws Exception {
        connection.close();
        nats.close();
    }

    @BeforeEach
    void stream(TestInfo test) throws Exception {
        String tenant = "t" + Integer.toHexString(test.getDisplayName().hashCode());
        address = Address.of(tenant, Naming.STRICT).orElseThrow();
        directory.create(address, POLICY);
    }

    private StreamTail attach(Look look) throws Exception {
        return directory.tail(address, Objects.requireNonNull(directory.find(address)), look);
    }

    private static Look resync(long behind, int inFlight) {
        return new Look(OptionalLong.empty(), behind, false, inFlight);
    }

    private void own(String id, long expectedLast, long stored) throws Exception {
        Position position =
                new Position(1, new SlotIdentity(1, 1, "slot"), Lsn.NONE, Lsn.NONE, stored, new EventId(id));
        Headers headers = new Headers()
                .add("Nats-Msg-Id", id)
                .add("Nats-Expected-Last-Sequence", Long.toString(expectedLast))
                .add(Position.HEADER, position.encode());
        connection.jetStream().publish(address.prefix() + "s", headers, new byte[0]);
    }

    private void foreign() throws Exception {
        connection.jetStream().publish(address.prefix() + "s", new byte[0]);
    }

    private void purge(PurgeOptions options) throws Exception {
        connection.jetStreamManagement().purgeStream(address.stream().value(), options);
    }

    private static Set<EventId> ids(String... ids) {
        return Arrays.stream(ids).map(EventId::new).collect(Collectors.toSet());
    }

    private StreamTail.End.Own ownEnd(StreamTail tail) {
        assertThat(tail.end()).isInstanceOf(StreamTail.End.Own.class);
        return (StreamTail.End.Own) tail.end();
    }

    @Test
    void a_new_stream_is_empty() throws Exception {
        assertThat(attach(FIRST)).isEqualTo(StreamTail.of(0, new StreamTail.End.Empty()));
    }

    @Test
    void what_was_there_before_the_relay_is_not_searched_once_the_metadata_say_so() throws Exception {
        for (int i = 0; i < 1_002; i++) {
            foreign();
        }
        assertThat(attach(FIRST).end()).isInstanceOf(StreamTail.End.Foreign.class);

        begins("1002");
        foreign();
        assertThat(attach(FIRST)).isEqualTo(StreamTail.of(1_003, new StreamTail.End.Gone()));
        own("a", 1_003, 0);
        foreign();
        assertThat(ownEnd(attach(FIRST)).id().value()).isEqualTo("a");
        begins("not a number");
        assertThat(ownEnd(attach(FIRST)).id().value()).isEqualTo("a");
    }

    private void begins(String sequence) throws Exception {
        StreamConfiguration is = Objects.requireNonNull(directory.find(address)).getConfiguration();
        Map<String, String> metadata = new HashMap<>(is.getMetadata());
        metadata.put("outbox.begins", sequence);
        connection
                .jetStreamManagement()
                .updateStream(StreamConfiguration.builder(is).metadata(metadata).build());
    }

    @Test
    void our_messages_behind_a_sequence_are_listed() throws Exception {
        own("a", 0, 0);
        own("b", 1, 0);
        own("c", 2, 0);

        StreamTail tail = attach(resync(1, 2));

        assertThat(tail.lastSequence()).isEqualTo(3);
        assertThat(ownEnd(tail).id().value()).isEqualTo("c");
        assertThat(tail.behind()).isEqualTo(ids("b", "c"));
    }

    @Test
    void a_message_of_somebody_else_that_takes_an_events_place_lets_the_next_one_through_and_is_seen()
            throws Exception {
        foreign();
        JetStreamApiException refused = null;
        try {
            own("a", 0, 0);
        } catch (JetStreamApiException e) {
            refused = e;
        }
        own("b", 1, 0);

        StreamTail later = attach(resync(0, 2));
        StreamTail first = attach(FIRST);

        assertThat(refused).isNotNull();
        assertThat(later.behind()).isEqualTo(ids("b"));
        assertThat(ownEnd(first).pierced()).isTrue();
    }

    @Test
    void the_first_look_is_content_when_everything_in_flight_is_ours() throws Exception {
        foreign();
        own("a", 1, 1);
        own("b", 2, 1);

        assertThat(ownEnd(attach(FIRST)).pierced()).isFalse();
    }

    @Test
    void the_first_look_notices_what_is_gone_from_among_the_last_ones() throws Exception {
        own("a", 0, 0);
        own("b", 1, 0);
        own("c", 2, 0);
        connection.jetStreamManagement().deleteMessage(address.stream().value(), 2);

        assertThat(ownEnd(attach(FIRST)).pierced()).isTrue();
    }

    @Test
    void our_last_message_is_found_behind_messages_of_somebody_else() throws Exception {
        own("a", 0, 0);
        foreign();
        foreign();

        StreamTail tail = attach(resync(0, 1));

        assertThat(tail.lastSequence()).isEqualTo(3);
        assertThat(ownEnd(tail).sequence()).isEqualTo(1);
        assertThat(tail.behind()).isEqualTo(ids("a"));
    }

    @Test
    void a_stream_with_nothing_of_ours_holds_nothing_of_ours() throws Exception {
        foreign();
        foreign();

        assertThat(attach(FIRST)).isEqualTo(StreamTail.of(2, new StreamTail.End.Gone()));
    }

    @Test
    void a_stream_that_was_purged_remembers_its_sequence() throws Exception {
        own("a", 0, 0);
        own("b", 1, 1);
        purge(PurgeOptions.builder().build());

        assertThat(attach(FIRST)).isEqualTo(StreamTail.of(2, new StreamTail.End.Gone()));
    }

    @Test
    void what_is_where_the_server_met_a_duplicate_is_told() throws Exception {
        own("a", 0, 0);
        foreign();
        own("b", 2, 2);
        purge(PurgeOptions.builder().sequence(2).build());

        assertThat(attach(new Look(OptionalLong.of(1), 3, false, 1)).probe()).contains(new StreamTail.Probe.Gone());
        assertThat(attach(new Look(OptionalLong.of(2), 3, false, 1)).probe())
                .contains(new StreamTail.Probe.Message(""));
        assertThat(attach(new Look(OptionalLong.of(3), 3, false, 1)).probe())
                .isEqualTo(Optional.of(new StreamTail.Probe.Message("b")));
    }
}

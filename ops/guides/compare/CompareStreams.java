import io.nats.client.Connection;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares, by Nats-Msg-Id, what a poller publishes with what a relay beside it publishes into another NATS account or
 * server, while both work: for each stream that the relay has made, what only one of them has, bodies that differ, and
 * events that the poller sent in another order. It only reads. Exit code 1 if an event is missing on a side or differs.
 *
 * <pre>java -cp 'outbox-relay/lib/*' CompareStreams.java POLLER_URL RELAY_URL ID_PREFIX LAG_SECONDS</pre>
 *
 * ID_PREFIX is what the relay puts before the row's id, such as {@code billing.outboxevent:}; LAG_SECONDS is longer than
 * any event ever waits for the poller or for the relay.
 */
final class CompareStreams {

    /** @param committed what the relay says of its row; of the poller's, when it was stored */
    private record Stored(String id, byte[] body, ZonedDateTime at, ZonedDateTime committed) {}

    private CompareStreams() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 4) {
            System.err.println("usage: CompareStreams.java POLLER_URL RELAY_URL ID_PREFIX LAG_SECONDS");
            System.exit(2);
        }
        Duration lag = Duration.ofSeconds(Long.parseLong(arguments[3]));
        boolean same = true;
        try (Connection poller = Nats.connect(arguments[0]);
                Connection relay = Nats.connect(arguments[1])) {
            List<String> streams =
                    relay.jetStreamManagement().getStreamNames().stream().sorted().toList();
            Map<String, List<Stored>> relayed = new LinkedHashMap<>();
            for (String stream : streams) {
                relayed.put(stream, read(relay, stream, null, arguments[2]));
            }
            ZonedDateTime until = ZonedDateTime.now();
            ZonedDateTime from = relayed.values().stream()
                    .flatMap(List::stream)
                    .map(Stored::committed)
                    .min(ZonedDateTime::compareTo)
                    .orElseThrow(() -> new IllegalStateException("the relay has published nothing yet"));
            // what the relay has the poller must have soon, and the other way round
            Thread.sleep(lag.toMillis());
            System.out.printf(
                    "%-24s %9s %12s %11s %8s %13s%n",
                    "stream", "compared", "poller only", "relay only", "differ", "other order");
            for (String stream : streams) {
                List<Stored> now = read(relay, stream, null, arguments[2]);
                List<Stored> polled = read(poller, stream, from.minus(lag), "");
                same &= compare(stream, relayed.get(stream), now, polled, from.plus(lag), until);
            }
        }
        System.exit(same ? 0 : 1);
    }

    private static boolean compare(
            String stream,
            List<Stored> relayed,
            List<Stored> relayedNow,
            List<Stored> polled,
            ZonedDateTime from,
            ZonedDateTime until) {
        Map<String, Integer> places = new LinkedHashMap<>();
        for (int i = 0; i < polled.size(); i++) {
            places.put(polled.get(i).id(), i);
        }
        long compared = 0;
        long relayOnly = 0;
        long differ = 0;
        long otherOrder = 0;
        int furthest = -1;
        for (Stored event : relayed) {
            Integer place = places.get(event.id());
            if (place == null) {
                relayOnly++;
                continue;
            }
            compared++;
            differ += Arrays.equals(event.body(), polled.get(place).body()) ? 0 : 1;
            otherOrder += place < furthest ? 1 : 0;
            furthest = Math.max(furthest, place);
        }
        List<String> known = relayedNow.stream().map(Stored::id).toList();
        java.util.Set<String> ids = new java.util.HashSet<>(known);
        long pollerOnly = polled.stream()
                .filter(event -> event.at().isAfter(from) && event.at().isBefore(until))
                .filter(event -> !ids.contains(event.id()))
                .count();
        System.out.printf("%-24s %9d %12d %11d %8d %13d%n", stream, compared, pollerOnly, relayOnly, differ, otherOrder);
        return pollerOnly + relayOnly + differ == 0 && ids.size() == known.size();
    }

    private static List<Stored> read(Connection connection, String stream, ZonedDateTime from, String prefix)
            throws Exception {
        List<Stored> all = new ArrayList<>();
        if (!connection.jetStreamManagement().getStreamNames().contains(stream)) {
            return all;
        }
        ConsumerConfiguration.Builder which = ConsumerConfiguration.builder();
        if (from != null) {
            which.deliverPolicy(DeliverPolicy.ByStartTime).startTime(from);
        }
        JetStreamSubscription subscription = connection
                .jetStream()
                .subscribe(
                        ">",
                        PushSubscribeOptions.builder().stream(stream)
                                .ordered(true)
                                .configuration(which.build())
                                .build());
        try {
            Message message = subscription.nextMessage(Duration.ofSeconds(2));
            while (message != null) {
                String id = message.getHeaders() == null ? "" : message.getHeaders().getFirst("Nats-Msg-Id");
                String committed =
                        message.getHeaders() == null ? null : message.getHeaders().getFirst("Outbox-Committed-At");
                all.add(new Stored(
                        id != null && id.startsWith(prefix) ? id.substring(prefix.length()) : String.valueOf(id),
                        message.getData(),
                        message.metaData().timestamp(),
                        committed == null ? message.metaData().timestamp() : ZonedDateTime.parse(committed)));
                message = message.metaData().pendingCount() == 0 ? null : subscription.nextMessage(Duration.ofSeconds(5));
            }
        } finally {
            subscription.unsubscribe();
        }
        return all;
    }
}

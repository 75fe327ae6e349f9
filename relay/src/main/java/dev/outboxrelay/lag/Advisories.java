package dev.outboxrelay.lag;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears what the server says about messages that consumers give up. Nobody stores it: what is said while no relay leads
 * is not heard.
 */
final class Advisories implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Advisories.class);
    private static final String PREFIX = "$JS.EVENT.ADVISORY.CONSUMER.";
    private static final Pattern SUBJECT =
            Pattern.compile(Pattern.quote(PREFIX) + "(MAX_DELIVERIES|MSG_TERMINATED)\\.([^.]+)\\.([^.]+)");

    private final Connection connection;
    private final Dispatcher dispatcher;
    private final InstantSource clock;
    private final @Nullable GivenUpReader reader;
    private final Map<String, GivenUp> counts = new ConcurrentHashMap<>();

    /** @param reader who reads the messages themselves; null if nobody wants them */
    Advisories(Connection connection, InstantSource clock, @Nullable GivenUpReader reader) {
        this.connection = connection;
        this.clock = clock;
        this.reader = reader;
        this.dispatcher = connection.createDispatcher(this::heard);
        dispatcher.subscribe(PREFIX + "MAX_DELIVERIES.*.*");
        dispatcher.subscribe(PREFIX + "MSG_TERMINATED.*.*");
    }

    private void heard(Message message) {
        Matcher subject = SUBJECT.matcher(message.getSubject());
        if (subject.matches()) {
            boolean terminated = subject.group(1).equals("MSG_TERMINATED");
            long now = clock.millis();
            counts.merge(
                    key(subject.group(2), subject.group(3)),
                    GivenUp.NONE.plus(terminated, now),
                    (known, one) -> known.plus(terminated, now));
            if (reader != null) {
                reader.heard(message.getData(), terminated);
            }
        }
    }

    GivenUp of(String stream, String consumer) {
        return counts.getOrDefault(key(stream, consumer), GivenUp.NONE);
    }

    /** Forgets consumers that are gone. */
    void retain(Set<String> keys) {
        counts.keySet().retainAll(keys);
    }

    /** Neither name can have a dot. */
    static String key(String stream, String consumer) {
        return stream + '.' + consumer;
    }

    @Override
    public void close() {
        try {
            connection.closeDispatcher(dispatcher);
        } catch (IllegalStateException e) {
            log.atDebug().addKeyValue("error", e.getMessage()).log("the connection is closed already");
        }
    }
}

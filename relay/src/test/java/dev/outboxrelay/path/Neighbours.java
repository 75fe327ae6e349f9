package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import io.nats.client.Connection;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The other tenants that are there while a test is about something else: one that writes all the time, one whose stream
 * cannot be made, one that wrote once and is silent since, one with an odd name. {@link #finish} demands that what the
 * test did disturbed none of them.
 */
final class Neighbours {

    static final String NOISY = "noisy";
    static final String BROKEN = "broken";
    static final String SILENT = "silent";
    static final String ODD = "__-Oddly-NAMED-0_";

    private static final String OVERLAP = "OVERLAP";

    private final Outbox outbox;
    private final Connection client;
    private final Load noise;
    private final String oddToken;

    private Neighbours(Outbox outbox, Connection client, String oddToken, Load noise) {
        this.outbox = outbox;
        this.client = client;
        this.oddToken = oddToken;
        this.noise = noise;
    }

    /** Moves in; the relay must be running or about to be. */
    static Neighbours beside(Outbox outbox, Connection client) throws Exception {
        return beside(outbox, client, ODD);
    }

    /** The same under another naming; {@code oddToken} is what the odd one is called there. */
    static Neighbours beside(Outbox outbox, Connection client, String oddToken) throws Exception {
        client.jetStreamManagement()
                .addStream(StreamConfiguration.builder()
                        .name(OVERLAP)
                        .subjects("tenant." + BROKEN + ".>")
                        .storageType(StorageType.Memory)
                        .build());
        outbox.insert(Row.of(SILENT), Row.of(BROKEN), Row.of(ODD), Row.of(BROKEN));
        return new Neighbours(outbox, client, oddToken, Load.start(outbox, List.of(NOISY, NOISY, ODD), 1, 7));
    }

    /** Mends the broken one, stops the noise, and demands that every stream holds exactly what was committed. */
    void finish() throws Exception {
        noise.close();
        assertThat(Streams.size(client, OVERLAP))
                .as("nothing went to a foreign stream")
                .isZero();
        mend();
        Map<String, List<String>> committed = outbox.committed();
        assertThat(committed.get(SILENT)).hasSize(1);
        for (String tenant : List.of(NOISY, BROKEN, SILENT, ODD)) {
            List<String> expected = committed.getOrDefault(tenant, List.of());
            String stream = Streams.of(tenant.equals(ODD) ? oddToken : tenant);
            Await.until(
                    expected.size() + " messages of tenant " + tenant,
                    Duration.ofSeconds(30),
                    () -> Streams.size(client, stream) >= expected.size());
            assertThat(Streams.idsIn(client, stream))
                    .as("stream of tenant %s", tenant)
                    .isEqualTo(expected);
        }
    }

    private void mend() throws Exception {
        if (client.jetStreamManagement().getStreamNames().contains(OVERLAP)) {
            client.jetStreamManagement().deleteStream(OVERLAP);
        }
    }

    /** Moves out without looking; idempotent, so that a failed test does not hold up the relay's end. */
    void leave() throws Exception {
        noise.close();
        mend();
    }
}

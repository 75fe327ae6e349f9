package dev.outboxrelay.lab;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A tenant that gives trouble. Its payloads begin with a number each, so that its stream can be compared. One thread.
 */
final class Neighbour {

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final String NUMBERED = "INSERT INTO outbox.message (tenant_id, subject, payload)"
            + " SELECT ?, 'events.bench.row', int8send(g) || decode(repeat(md5(g::text), 12), 'hex')"
            + " FROM generate_series(?::bigint, ?::bigint) g";
    private static final List<String> SUBJECTS =
            List.of("events..row", "events.*", "tenant.quiet-0.events.row", "events.bench.row", "events.bench.row");

    private final String tenant;
    private final Servers servers;
    private final RelayProcess relay;
    private final StoredMessages stored;
    private long numbered;

    Neighbour(String tenant, Servers servers, RelayProcess relay, StoredMessages stored) {
        this.tenant = tenant;
        this.servers = servers;
        this.relay = relay;
        this.stored = stored;
    }

    String tenant() {
        return tenant;
    }

    /** The number of its next row. */
    long next() {
        return numbered;
    }

    /** Inserts numbered rows in transactions of this size, evenly over a time. */
    void insert(long rows, long transaction, Duration within) throws Exception {
        try (Connection connection = servers.postgres().connect(TestPostgres.WRITER);
                PreparedStatement insert = connection.prepareStatement(NUMBERED)) {
            long begin = System.nanoTime();
            for (long done = 0; done < rows; done += transaction) {
                long due = begin + (long) ((double) within.toNanos() * done / rows);
                for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                    LockSupport.parkNanos(wait);
                }
                long more = Math.min(transaction, rows - done);
                insert.setString(1, tenant);
                insert.setLong(2, numbered);
                insert.setLong(3, numbered + more - 1);
                insert.executeUpdate();
                numbered += more;
            }
        }
    }

    /** Starts a writer of numbered rows that do not compress. */
    SteadyWriter numbered(int rate, int bytes) {
        long first = numbered;
        byte[] payload = new byte[bytes];
        new Random(1).nextBytes(payload);
        return SteadyWriter.start(servers.postgres(), rate, 1, (insert, number) -> {
            ByteBuffer.wrap(payload).putLong(first + number);
            insert.setString(1, tenant);
            insert.setString(2, "events.bench.row");
            insert.setBytes(3, payload);
            insert.setString(4, null);
        });
    }

    /** Takes note of what a writer has written. */
    void wrote(long rows) {
        numbered += rows;
    }

    /** Starts a writer of rows none of which can be published: wrong subjects, foreign ones, reserved headers. */
    SteadyWriter poison(int rate) {
        byte[] payload = new byte[500];
        return SteadyWriter.start(servers.postgres(), rate, 5, (insert, number) -> {
            int kind = (int) (number % SUBJECTS.size());
            insert.setString(1, tenant);
            insert.setString(2, SUBJECTS.get(kind));
            insert.setBytes(3, payload);
            insert.setString(4, kind == 3 ? "{\"Nats-Rollup\": \"all\"}" : kind == 4 ? "{\"a\": 1}" : null);
        });
    }

    /** Has its stream refuse everything from now on, and returns the configuration that it had. */
    StreamConfiguration refuse() throws Exception {
        var info = stored.info(tenant);
        StreamConfiguration open = info.getConfiguration();
        var unused = management()
                .updateStream(HandedOver.builder(open)
                        .discardPolicy(DiscardPolicy.New)
                        .maxMessages(info.getStreamState().getMsgCount())
                        .build());
        return open;
    }

    /** Lets its stream take messages again. */
    void accept(StreamConfiguration open) throws Exception {
        var unused = management().updateStream(open);
    }

    private JetStreamManagement management() throws Exception {
        return stored.client().jetStreamManagement();
    }

    /** How many of its events the relay has published, or has in its hands or parked: what its reader has passed. */
    double taken() throws InterruptedException {
        String metrics = relay.page("/metrics");
        String label = "{tenant=\"" + tenant + "\"} ";
        return metrics == null
                ? 0
                : List.of("events_published_total", "events_parked", "lane_queued", "lane_in_flight").stream()
                        .flatMap(
                                name -> metrics.lines().filter(line -> line.startsWith("outbox_relay_" + name + label)))
                        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                        .sum();
    }

    long peakResidentMb() {
        return relay.peakResidentMb();
    }

    /** Seconds for which the relay's reader has waited for memory. */
    double readerBlocked() throws InterruptedException {
        String metrics = relay.page("/metrics");
        return metrics == null
                ? 0
                : metrics.lines()
                        .filter(line -> line.startsWith("outbox_relay_source_blocked_seconds_total "))
                        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                        .sum();
    }

    /** Waits until the relay's reader has passed as many events. */
    void awaitTaken(double events) {
        await("the relay has read " + (long) events + " events of " + tenant, () -> taken() >= events);
    }

    /** Waits until its stream has come to a sequence. */
    void awaitStored(long sequence) {
        await(tenant + " has " + sequence + " messages", () -> stored.last(tenant) >= sequence);
    }

    /** Waits until as many rows of it are in the table of dead letters in a state. */
    void awaitLetters(String state, long rows) {
        await(rows + " " + state + " letters of " + tenant, () -> letters(state) == rows);
    }

    long letters(String state) throws Exception {
        return Long.parseLong(servers.value("SELECT count(*) FROM outbox.dead_letter WHERE tenant_id = '" + tenant
                + "' AND state = '" + state + "'"));
    }

    /** Looks rarely: who looks is a load too. */
    private static void await(String what, Await.Condition condition) {
        Await.until(what, Duration.ofMinutes(15), () -> {
            if (condition.holds()) {
                return true;
            }
            LockSupport.parkNanos(LOOK_NANOS);
            return false;
        });
    }
}

package dev.outboxrelay.lab;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What batches would win: the messages of the backlog, made up on the spot and chained by expected sequences as the
 * relay's are, once with an answer to each of them, once in one fast batch for each stream, and once in atomic batches.
 * Nothing of the client library's own request handling is used in any of them.
 */
record IngestLoop(Batches batches) implements Storing {

    private static final int WINDOW = 500;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** An atomic batch. */
    private static final int ATOMIC = 250;

    @Override
    public String key() {
        return switch (batches) {
            case NONE -> "b-acks";
            case FAST -> "b-fast";
            case ATOMIC -> "b-atomic";
        };
    }

    @Override
    public String title() {
        return "(b) publish loop, "
                + switch (batches) {
                    case NONE -> "an answer to each";
                    case FAST -> "fast ingest";
                    case ATOMIC -> "atomic batches";
                };
    }

    @Override
    public Mover start(Servers servers, Load load, SlotCopy slot) throws Exception {
        List<String> arguments = new ArrayList<>(PublishLoop.arguments(servers, load));
        arguments.add(batches.name());
        return ChildJvm.start(IngestLoop.class, arguments);
    }

    /** The process: NATS address, rows, bytes, tenants, which batches. It stays until its stdin ends. */
    public static void main(String[] arguments) throws Exception {
        Load load = PublishLoop.load(arguments);
        Connection connection = PublishLoop.connect(arguments[0]);
        try {
            new Publisher(connection, load, Batches.valueOf(arguments[4])).run();
        } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
            System.exit(1); // the client library's threads would keep the process
        }
        int unused = System.in.read();
        connection.close();
    }

    /** One thread publishes; the client library's brings the answers. */
    private static final class Publisher {

        private final Connection connection;
        private final Load load;
        private final Batches batches;
        private final String[] inboxes;

        /** For each tenant, how many messages are known to be stored; -1 before the first answer. */
        private final long[] stored;

        private @Nullable String failure;

        Publisher(Connection connection, Load load, Batches batches) {
            this.connection = connection;
            this.load = load;
            this.batches = batches;
            this.inboxes = new String[load.tenants()];
            this.stored = new long[load.tenants()];
            Arrays.fill(stored, -1);
        }

        void run() throws Exception {
            Dispatcher dispatcher = connection.createDispatcher();
            dispatcher.setPendingLimits(-1, -1);
            for (int i = 0; i < inboxes.length; i++) {
                int tenant = i;
                inboxes[i] = connection.createInbox();
                dispatcher.subscribe(inboxes[i] + ".>", message -> answered(tenant, message));
            }
            SplittableRandom random = new SplittableRandom(1);
            for (int row = 0; row < load.rows(); row++) {
                int tenant = row % load.tenants();
                long before = row / load.tenants();
                awaitRoom(tenant, before);
                byte[] payload = new byte[load.bytes()];
                ByteBuffer.wrap(payload).putLong(before);
                String name = Backlog.tenant(row, load.tenants());
                String id = new UUID(random.nextLong(), random.nextLong()).toString();
                Headers headers = PublishLoop.headers(name, row, id);
                long inBatch = before % ATOMIC;
                if (batches == Batches.ATOMIC) {
                    headers.put("Nats-Batch-Id", inboxes[tenant] + before / ATOMIC);
                    headers.put("Nats-Batch-Sequence", Long.toString(inBatch + 1));
                    if (inBatch + 1 == ATOMIC || before + 1 == load.each()) {
                        headers.put("Nats-Batch-Commit", "1");
                    }
                }
                if (batches != Batches.ATOMIC || inBatch == 0) {
                    headers.put("Nats-Expected-Last-Sequence", Long.toString(before));
                }
                connection.publish("tenant." + name + ".events.bench.row", reply(tenant, before), headers, payload);
            }
            for (int tenant = 0; tenant < load.tenants(); tenant++) {
                await(tenant, load.each());
            }
        }

        private void awaitRoom(int tenant, long before) throws InterruptedException {
            switch (batches) {
                case NONE -> await(tenant, before - WINDOW + 1);
                case FAST -> {
                    if (before > 0) { // the answer to a batch's first message tells that the server takes it
                        await(tenant, Math.max(0, before - WINDOW + 1));
                    }
                }
                case ATOMIC -> {
                    // the next batch expects where the one before has ended: it is not begun sooner
                    if (before > 0 && before % ATOMIC == 0) {
                        await(tenant, before);
                    }
                }
            }
        }

        private @Nullable String reply(int tenant, long before) {
            long number = before + 1;
            return switch (batches) {
                case NONE -> inboxes[tenant] + '.' + before;
                case FAST ->
                    inboxes[tenant] + ".batch." + WINDOW / 2 + ".fail." + number + '.'
                            + (number == load.each() ? 2 : before == 0 ? 0 : 1) + ".$FI";
                case ATOMIC ->
                    before % ATOMIC == 0 || number % ATOMIC == 0 || number == load.each()
                            ? inboxes[tenant] + '.' + before
                            : null;
            };
        }

        private synchronized void await(int tenant, long least) throws InterruptedException {
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            while (stored[tenant] < least) {
                wait(1_000);
                if (failure != null || System.nanoTime() > deadline) {
                    throw new IllegalStateException("tenant " + tenant + ": " + stored[tenant] + " of " + least
                            + " messages are stored; " + failure);
                }
            }
        }

        private void answered(int tenant, Message message) {
            String text = new String(message.getData(), StandardCharsets.UTF_8);
            if (text.isEmpty()) {
                return; // an atomic batch has begun
            }
            long sequence = number(text, "\"seq\":");
            synchronized (this) {
                if (sequence < 0 || text.contains("\"error\"") || text.contains("\"gap\"")) {
                    failure = text;
                }
                stored[tenant] = Math.max(stored[tenant], sequence);
                notifyAll();
            }
        }

        private static long number(String text, String key) {
            int from = text.indexOf(key);
            if (from < 0) {
                return -1;
            }
            int start = from + key.length();
            int end = start;
            while (end < text.length() && Character.isDigit(text.charAt(end))) {
                end++;
            }
            return end == start ? -1 : Long.parseLong(text, start, end, 10);
        }
    }
}

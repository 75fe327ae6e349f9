package dev.outboxrelay.publish;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Where the servers' answers to published messages arrive: one subscription for all, and a reply subject below it for
 * each message. The client library's requests do the same at several times the cost: a future with two stages, a random
 * token and a parsed document for every message.
 *
 * <p>Thread-safe. Who waits is told once: on the library's dispatcher thread, which must not be blocked, or on the
 * inbox's own.
 */
final class AckInbox implements AutoCloseable {

    /** As long as the library's own requests wait. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final long LOOK_MILLIS = 500;

    /** Who waits for an answer. */
    interface Taker {
        /** It is here. */
        void answered(Message answer);

        /** It did not come in time, or nobody listens any more. */
        void unanswered();
    }

    private record Waiting(long until, Taker taker) {}

    private final Connection connection;
    private final Dispatcher dispatcher;
    private final String prefix;
    private final AtomicLong last = new AtomicLong();
    private final Map<Long, Waiting> waiting = new ConcurrentHashMap<>();
    private final Thread thread;
    private volatile boolean closed;

    AckInbox(Connection connection) {
        this.connection = connection;
        this.prefix = connection.createInbox() + '.';
        this.dispatcher = connection.createDispatcher(this::arrived);
        dispatcher.setPendingLimits(-1, -1); // there are no more answers than messages in flight
        dispatcher.subscribe(prefix + '*');
        this.thread = new Thread(this::loop, "outbox-acks");
        thread.setDaemon(true);
        thread.start();
    }

    /** A reply subject that nobody had before, and whose answer goes to this taker. */
    String expect(Taker taker) {
        long number = last.incrementAndGet();
        waiting.put(number, new Waiting(System.nanoTime() + PATIENCE.toNanos(), taker));
        if (closed) {
            giveUp();
        }
        return prefix + number;
    }

    /** Nothing was sent with this reply subject: its taker is told nothing. False when it was told already. */
    boolean forget(String replySubject) {
        return waiting.remove(number(replySubject)) != null;
    }

    private void arrived(Message message) {
        Waiting who = waiting.remove(number(message.getSubject()));
        if (who != null) {
            who.taker.answered(message);
        }
    }

    private long number(String replySubject) {
        return Long.parseLong(replySubject, prefix.length(), replySubject.length(), 10);
    }

    private void loop() {
        try {
            while (!closed) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
                giveUp();
            }
        } catch (InterruptedException e) {
            // closed
        }
        giveUp();
    }

    private void giveUp() {
        long now = System.nanoTime();
        waiting.forEach((number, who) -> {
            if ((closed || now - who.until > 0) && waiting.remove(number, who)) {
                who.taker.unanswered();
            }
        });
    }

    @Override
    public synchronized void close() {
        boolean before = closed;
        closed = true;
        thread.interrupt();
        if (!before && connection.getStatus() != Connection.Status.CLOSED) {
            connection.closeDispatcher(dispatcher);
        }
    }
}

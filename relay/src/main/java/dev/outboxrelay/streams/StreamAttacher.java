package dev.outboxrelay.streams;

import dev.outboxrelay.config.StreamSettings;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.Look;
import dev.outboxrelay.lane.ServerErrors;
import dev.outboxrelay.lane.StreamTail;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Attaches lanes to their streams, several at a time and never more than the configured number, so that new tenants do
 * not hold up existing ones. Thread-safe.
 */
public final class StreamAttacher implements AutoCloseable {

    private final StreamDirectory directory;
    private final ExecutorService workers;

    /** Receives the answer, on a thread of the attacher's own; it must not block. */
    public interface Answer {
        /** The stream is there and ends like this. */
        void attached(StreamTail tail);

        /**
         * It is not to be had now.
         *
         * @param absent whether the server said that there is none
         */
        void failed(Failure failure, boolean absent);
    }

    /** @param created called once for each stream that was created */
    public StreamAttacher(Connection connection, StreamSettings settings, Runnable created) throws IOException {
        directory = new StreamDirectory(connection, settings, created);
        int threads = settings.createConcurrency();
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(threads, threads, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "stream-attacher");
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        workers = pool;
    }

    /** Begins to attach and returns at once. */
    public void attach(Address address, Look look, Answer answer) {
        try {
            workers.execute(() -> attachNow(address, look, answer));
        } catch (RejectedExecutionException e) {
            answer.failed(Failure.doubt("stopping", "the relay is stopping"), false);
        }
    }

    private void attachNow(Address address, Look look, Answer answer) {
        StreamTail tail;
        try {
            tail = directory.attach(address, look);
        } catch (StreamDirectory.NotOurs e) {
            answer.failed(e.failure(), false);
            return;
        } catch (StreamDirectory.NotCreated e) {
            answer.failed(failure(e.answer()), true);
            return;
        } catch (JetStreamApiException e) {
            answer.failed(failure(e), false);
            return;
        } catch (IOException | RuntimeException e) {
            answer.failed(Failure.doubt("attach", "the stream cannot be looked at: " + e.getMessage()), false);
            return;
        }
        answer.attached(tail);
    }

    private static Failure failure(JetStreamApiException e) {
        return ServerErrors.of(e.getApiErrorCode(), String.valueOf(e.getErrorDescription()));
    }

    @Override
    public void close() {
        workers.shutdownNow();
    }
}

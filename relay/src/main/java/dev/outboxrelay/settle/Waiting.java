package dev.outboxrelay.settle;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** What waits for a worker, in order. Not thread-safe. */
interface Waiting<T> {

    void add(T work);

    /** Takes the first; null when nothing waits. */
    @Nullable
    T poll();

    int size();

    /** Keeps the objects as they are. */
    static <T> Waiting<T> objects() {
        ArrayDeque<T> queue = new ArrayDeque<>();
        return new Waiting<>() {
            @Override
            public void add(T work) {
                queue.add(work);
            }

            @Override
            public @Nullable T poll() {
                return queue.poll();
            }

            @Override
            public int size() {
                return queue.size();
            }
        };
    }
}

package dev.outboxrelay.demo;

import org.jspecify.annotations.Nullable;

/** Events in order, read one after the other. One thread. */
@FunctionalInterface
interface Contents {

    /** The next one, null behind the last. */
    @Nullable
    Content next() throws DemoFailed;
}

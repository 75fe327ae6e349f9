package dev.outboxrelay.policy;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A stream as it is.
 *
 * @param shape what a policy can say about it
 * @param obstacle what no policy can say and what makes it unfit, with a hint; null when there is nothing
 * @param applied what the relay wrote down when it gave the stream its shape, see {@link StreamPlan#mark}; null when
 *     the relay never did: then the stream is somebody else's to look after
 * @param messages how many it holds
 * @param bytes how many it holds
 * @param oldest age of its first message; zero when there is none
 * @param batches whether it takes atomic batches
 */
public record StreamShape(
        StreamPolicy shape,
        @Nullable String obstacle,
        @Nullable String applied,
        long messages,
        long bytes,
        Duration oldest,
        boolean batches) {}

package dev.outboxrelay.lag;

import java.util.List;

/** A tenant's stream and its consumers, judged. */
public record StreamLag(StreamFigures figures, List<ConsumerLag> consumers) {

    public StreamLag {
        consumers = List.copyOf(consumers);
    }
}

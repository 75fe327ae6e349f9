package dev.outboxrelay.streams;

import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a stream keeps, and for how long.
 *
 * @param created when it was made
 * @param firstAt when its first message was stored; null when it has none
 * @param full whether it has dropped its oldest messages for want of room, or is about to
 * @param room how many messages it takes before it drops its oldest
 * @param maxAge how long it keeps a message; zero for ever
 * @param duplicateWindow how long the server remembers ids, also of messages that are gone
 */
public record StreamKeeps(
        Instant created,
        @Nullable Instant firstAt,
        boolean full,
        long room,
        Duration maxAge,
        Duration duplicateWindow) {

    static StreamKeeps of(StreamInfo info) {
        StreamConfiguration shape = info.getConfiguration();
        StreamState state = info.getStreamState();
        long mostMessages = shape.getMaxMsgs() > 0 ? shape.getMaxMsgs() : Long.MAX_VALUE;
        long mostBytes = shape.getMaxBytes() > 0 ? shape.getMaxBytes() : Long.MAX_VALUE;
        boolean full = state.getFirstSequence() > 1
                && (state.getMsgCount() >= mostMessages || state.getByteCount() >= mostBytes / 10 * 9);
        long size = state.getMsgCount() == 0 ? 1 : Math.max(1, state.getByteCount() / state.getMsgCount());
        return new StreamKeeps(
                info.getCreateTime().toInstant(),
                state.getMsgCount() == 0 ? null : state.getFirstTime().toInstant(),
                full && shape.getDiscardPolicy() == DiscardPolicy.Old,
                Math.max(0, Math.min(mostMessages - state.getMsgCount(), (mostBytes - state.getByteCount()) / size)),
                shape.getMaxAge() == null ? Duration.ZERO : shape.getMaxAge(),
                shape.getDuplicateWindow() == null ? Duration.ZERO : shape.getDuplicateWindow());
    }
}

package dev.outboxrelay.cli;

import dev.outboxrelay.publish.NatsLink;

/** For commands that do not wait for a connection to come back. */
final class QuietLink implements NatsLink.Listener {

    @Override
    public void connected(long maxPayload) {
        // its first use says whether it is there
    }

    @Override
    public void disconnected(String why) {
        // the same
    }
}

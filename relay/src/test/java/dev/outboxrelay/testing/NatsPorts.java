package dev.outboxrelay.testing;

/** The loopback ports of one NATS server: for clients, for monitoring, and for the other servers of its cluster. */
record NatsPorts(int client, int monitor, int route) {
    static NatsPorts free() {
        return new NatsPorts(FreePorts.next(), FreePorts.next(), FreePorts.next());
    }
}

package dev.outboxrelay.lab.torture;

/**
 * What a run is made of.
 *
 * @param single one relay and one nats-server with one replica, instead of two and three
 * @param natsLine the release line of nats-server
 * @param broken which protection of the relay is switched off; {@code none} for the real thing
 * @param tenants how many tenants have streams
 * @param rate rows a second that small transactions write; bulk loads come on top
 * @param debug whether the relays log every event
 * @param keep whether the servers' logs are kept whatever comes of it
 */
record Settings(
        long seed,
        boolean single,
        String natsLine,
        String broken,
        int tenants,
        Settle settle,
        int rate,
        boolean debug,
        boolean keep) {

    int relays() {
        return single ? 1 : 2;
    }

    int nodes() {
        return single ? 1 : 3;
    }
}

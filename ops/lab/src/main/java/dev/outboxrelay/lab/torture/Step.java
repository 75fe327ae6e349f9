package dev.outboxrelay.lab.torture;

import java.time.Duration;
import java.util.Optional;

/**
 * One or two faults at about the same time, and then a while of peace.
 *
 * @param relay what happens to relays
 * @param server what happens to servers or connections
 * @param stream what begins to happen to a tenant's stream before these; it may last for several steps
 * @param apart how long the relays' fault comes after the servers'
 * @param calm how long everything runs well before the next step
 */
record Step(
        Optional<Fault.OfRelay> relay,
        Optional<Fault.OfServer> server,
        Optional<Fault.OfStream> stream,
        Duration apart,
        Duration calm) {

    static Step of(Fault.OfRelay fault) {
        return new Step(Optional.of(fault), Optional.empty(), Optional.empty(), Duration.ZERO, Duration.ZERO);
    }

    static Step of(Fault.OfServer fault) {
        return new Step(Optional.empty(), Optional.of(fault), Optional.empty(), Duration.ZERO, Duration.ZERO);
    }

    static Step of(Fault.OfServer server, Duration apart, Fault.OfRelay relay) {
        return new Step(Optional.of(relay), Optional.of(server), Optional.empty(), apart, Duration.ZERO);
    }

    /** The same with a fault of a stream. */
    Step beside(Fault.OfStream fault) {
        return new Step(relay, server, Optional.of(fault), apart, calm);
    }

    int kills() {
        return relay.map(Fault.OfRelay::kills).orElse(0);
    }
}

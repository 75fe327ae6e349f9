package dev.outboxrelay.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What a user may choose.
 *
 * @param natsServer the nats-server program; empty takes the one on the PATH
 * @param time how long it runs; empty means until it is stopped
 * @param rate everyday events a second, without the large transactions
 * @param plantDifference whether a message is taken out of a stream before the comparison, which must then find it
 */
public record DemoOptions(Optional<Path> natsServer, Optional<Duration> time, int rate, boolean plantDifference) {}

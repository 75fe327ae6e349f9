package dev.outboxrelay.testing;

import org.jspecify.annotations.Nullable;

/**
 * How a {@link TestNats} is started.
 *
 * @param line the release line, {@code newest} or {@code 2.10}; containers take it from their image
 * @param jetStream the lines that configure its storage, such as {@code max_file_store: 64MB}; null = JetStream off
 * @param cluster further lines inside the {@code cluster} block, where there is one
 * @param configuration further lines of the configuration file, such as {@code max_payload: 64KB} or accounts
 * @param user whom {@link TestNats#connection()} connects as; null = nobody in particular
 * @param password the password of that user
 * @param mode as a process or in a container
 */
public record NatsOptions(
        String line,
        @Nullable String jetStream,
        String cluster,
        String configuration,
        @Nullable String user,
        @Nullable String password,
        ServerMode mode) {

    /** The line of {@code -Dnats.line} ({@code newest} by default), with JetStream and nothing else. */
    public static NatsOptions defaults() {
        return new NatsOptions(
                ServerMode.property("nats.line", "newest"), "", "", "", null, null, ServerMode.current());
    }

    /** The same of another release line. */
    public NatsOptions ofLine(String other) {
        return new NatsOptions(other, jetStream, cluster, configuration, user, password, mode);
    }

    /** The same without JetStream. */
    public NatsOptions withoutJetStream() {
        return new NatsOptions(line, null, cluster, configuration, user, password, mode);
    }

    /** The same with these lines inside the {@code jetstream} block. */
    public NatsOptions withJetStream(String lines) {
        return new NatsOptions(line, lines, cluster, configuration, user, password, mode);
    }

    /** The same, its servers not telling clients of each other: a client stays on the addresses that it was given. */
    public NatsOptions withoutGossip() {
        return new NatsOptions(
                line, jetStream, cluster + "  no_advertise: true\n", configuration, user, password, mode);
    }

    /** The same with these lines at the end of the configuration file. */
    public NatsOptions with(String lines) {
        return new NatsOptions(line, jetStream, cluster, configuration + lines + "\n", user, password, mode);
    }

    /** The same with this user for the test's own connections; the configuration must know it. */
    public NatsOptions connectingAs(String name, String secret) {
        return new NatsOptions(line, jetStream, cluster, configuration, name, secret, mode);
    }

    /** The same in a container, whatever {@code -Dservers} says; {@link DockerEngine#assume()} comes first. */
    public NatsOptions inContainer() {
        return new NatsOptions(line, jetStream, cluster, configuration, user, password, ServerMode.CONTAINERS);
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "NatsOptions[line=" + line + ", jetStream=" + jetStream + ", user=" + user + ", mode=" + mode + "]";
    }
}

package dev.outboxrelay.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/** Sets up NATS servers as containers of {@code -Dnats.image}, by default the official image. */
final class NatsContainer {
    private static final String NEWEST = "nats:2.12-alpine";
    private static final String LINE_2_10 = "nats:2.10-alpine";
    private static final NatsPorts INSIDE = new NatsPorts(4222, 8222, 6222);
    private static final String CONFIGURATION = "/etc/outbox/nats.conf";
    private static final int WORLD_READABLE = 0644;

    private NatsContainer() {}

    /**
     * Returns one server for each set of ports, not started; more than one form a cluster on a network of their own.
     */
    static List<Server> prepare(NatsOptions options, List<NatsPorts> ports) {
        List<String> routes = IntStream.range(0, ports.size())
                .mapToObj(i -> "nats://" + TestNats.name(i) + ":" + INSIDE.route())
                .toList();
        Network network = ports.size() > 1 ? Network.newNetwork() : null;
        List<Server> servers = new ArrayList<>();
        for (int i = 0; i < ports.size(); i++) {
            String name = TestNats.name(i);
            GenericContainer<?> container = container(options, name, ports.get(i), routes);
            if (network != null) {
                container.withNetwork(network).withNetworkAliases(name);
            }
            servers.add(new ServerContainer("nats-server " + name, container));
        }
        return servers;
    }

    private static GenericContainer<?> container(
            NatsOptions options, String name, NatsPorts ports, List<String> routes) {
        String official = options.line().equals("2.10") ? LINE_2_10 : NEWEST;
        String image = ServerMode.property("nats.image", official);
        GenericContainer<?> container =
                new GenericContainer<>(DockerImageName.parse(image).asCompatibleSubstituteFor("nats"));
        NatsConfiguration configuration = new NatsConfiguration(
                name, "0.0.0.0", INSIDE, container.getHost() + ":" + ports.client(), "/data/jetstream", routes);
        container
                .withCopyToContainer(Transferable.of(configuration.text(options), WORLD_READABLE), CONFIGURATION)
                .withCommand("-c", CONFIGURATION);
        container.setPortBindings(
                List.of(ports.client() + ":" + INSIDE.client(), ports.monitor() + ":" + INSIDE.monitor()));
        return container;
    }
}

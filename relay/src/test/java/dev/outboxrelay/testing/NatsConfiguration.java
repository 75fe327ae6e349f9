package dev.outboxrelay.testing;

import java.util.List;

/**
 * The configuration file of one test server.
 *
 * @param name the server's name, unique in its cluster
 * @param address the address that it listens on
 * @param ports the ports that it listens on
 * @param advertised what it tells clients to connect to
 * @param store the folder of JetStream's files
 * @param routes the route addresses of all servers; a single one means no cluster
 */
record NatsConfiguration(
        String name, String address, NatsPorts ports, String advertised, String store, List<String> routes) {
    private static final String CLUSTER = "outbox-test";

    String text(NatsOptions options) {
        StringBuilder text = new StringBuilder();
        text.append("server_name: \"").append(name).append("\"\n");
        text.append("listen: \"")
                .append(address)
                .append(':')
                .append(ports.client())
                .append("\"\n");
        text.append("client_advertise: \"").append(advertised).append("\"\n");
        text.append("http: \"")
                .append(address)
                .append(':')
                .append(ports.monitor())
                .append("\"\n");
        if (options.jetStream() != null) {
            text.append("jetstream {\n  store_dir: \"").append(store).append("\"\n  ");
            text.append(options.jetStream()).append("\n}\n");
        }
        if (routes.size() > 1) {
            text.append("cluster {\n  name: ").append(CLUSTER).append("\n  listen: \"");
            text.append(address).append(':').append(ports.route()).append("\"\n  routes: [\n");
            routes.forEach(route -> text.append("    \"").append(route).append("\"\n"));
            text.append("  ]\n").append(options.cluster()).append("}\n");
        }
        return text.append(options.configuration()).toString();
    }
}

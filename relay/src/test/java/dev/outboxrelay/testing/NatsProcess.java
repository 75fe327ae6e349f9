package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Sets up NATS servers as processes of this machine. */
final class NatsProcess {
    private NatsProcess() {}

    /** Returns one server for each set of ports, not started; more than one form a cluster. */
    static List<Server> prepare(NatsOptions options, List<NatsPorts> ports) {
        Path binary = Repository.printedBy("nats-server", "--line", options.line());
        List<String> routes =
                ports.stream().map(each -> "nats://127.0.0.1:" + each.route()).toList();
        List<Server> servers = new ArrayList<>();
        for (int i = 0; i < ports.size(); i++) {
            servers.add(prepare(options, binary, TestNats.name(i), ports.get(i), routes));
        }
        return servers;
    }

    private static Server prepare(NatsOptions options, Path binary, String name, NatsPorts ports, List<String> routes) {
        Path folder = Folders.temporary("nats");
        NatsConfiguration configuration = new NatsConfiguration(
                name,
                "127.0.0.1",
                ports,
                "127.0.0.1:" + ports.client(),
                folder.resolve("store").toString(),
                routes);
        Path file = folder.resolve("nats.conf");
        try {
            Files.writeString(file, configuration.text(options));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
        return new ServerProcess(
                "nats-server " + name,
                folder,
                List.of(binary.toString(), "-c", file.toString()),
                ServerProcess.Signal.TERM,
                () -> {});
    }
}

package dev.outboxrelay.lab;

import dev.outboxrelay.lag.LagReport;
import dev.outboxrelay.lag.LagWatch;
import dev.outboxrelay.testing.ProcessStatus;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What it costs to look at every consumer of every tenant: while all are quiet, and while messages wait for all. */
@Command(name = "lag", description = "What a look at all tenants' consumers costs the relay and the nats-server.")
final class LagBench implements Callable<Integer> {

    @Option(names = "--streams", defaultValue = "1000")
    private int streams;

    @Option(names = "--consumers", defaultValue = "2")
    private int consumers;

    @Option(names = "--rounds", defaultValue = "24")
    private int rounds;

    @Override
    public Integer call() throws Exception {
        try (TestNats nats = TestNats.start()) {
            Connection client = nats.connection();
            make(client.jetStreamManagement());
            long server = Servers.natsPids().get(0);
            try (LagWatch watch = new LagWatch(
                    nats.connection(), Duration.ofHours(1), InstantSource.system(), () -> true, new Silent(), null)) {
                System.out.printf(Locale.ROOT, "%,d streams, %d consumers each, one nats-server%n", streams, consumers);
                measure("first", watch, server, 1);
                measure("quiet", watch, server, rounds);
                for (int i = 0; i < streams; i++) {
                    client.publish("tenant.t" + i + ".x", new byte[100]);
                }
                client.flush(Duration.ofSeconds(30));
                measure("waiting", watch, server, rounds);
            }
            return 0;
        }
    }

    private void make(JetStreamManagement management) throws Exception {
        for (int i = 0; i < streams; i++) {
            String stream = "TENANT_T" + i;
            management.addStream(StreamConfiguration.builder()
                    .name(stream)
                    .subjects("tenant.t" + i + ".>")
                    .metadata(Map.of("outbox.tenant", "t" + i))
                    .build());
            for (int c = 0; c < consumers; c++) {
                management.addOrUpdateConsumer(
                        stream,
                        ConsumerConfiguration.builder()
                                .durable("consumer-" + c)
                                .ackPolicy(AckPolicy.Explicit)
                                .build());
            }
        }
    }

    private static void measure(String what, LagWatch watch, long server, int rounds) throws Exception {
        List<Double> millis = new ArrayList<>();
        int asked = 0;
        Duration own = ProcessStatus.cpu(ProcessHandle.current().pid());
        Duration servers = ProcessStatus.cpu(server);
        for (int round = 0; round < rounds; round++) {
            LagReport report = watch.look();
            millis.add(report.took().toNanos() / 1e6);
            asked += report.asked();
        }
        Collections.sort(millis);
        double ownMillis = cpu(ProcessHandle.current().pid(), own) / rounds;
        double serverMillis = cpu(server, servers) / rounds;
        System.out.printf(
                Locale.ROOT,
                "%-8s %5.0f streams asked a look; a look takes %6.0f ms (longest %6.0f), CPU %5.0f ms here, %5.0f ms in"
                        + " nats-server; every 5 s that is %4.1f %% of a core%n",
                what,
                (double) asked / rounds,
                millis.get(millis.size() / 2),
                millis.get(millis.size() - 1),
                ownMillis,
                serverMillis,
                (ownMillis + serverMillis) / Math.max(5_000, 10 * millis.get(millis.size() / 2)) * 100);
    }

    private static double cpu(long pid, Duration before) {
        return ProcessStatus.cpu(pid).minus(before).toNanos() / 1e6;
    }

    /** Nobody listens: who looks, looks himself. */
    private static final class Silent implements LagWatch.Listener {
        @Override
        public void looked(LagReport report) {}

        @Override
        public void unknown(String why) {}
    }
}

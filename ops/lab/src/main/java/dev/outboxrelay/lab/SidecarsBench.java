package dev.outboxrelay.lab;

import static dev.outboxrelay.lab.IsolationReport.say;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.ProcessStatus;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Many instances of one database, as sidecars make them: one leads and the others wait. What each of them costs while
 * nothing happens, probed and scraped as in Kubernetes, and what happens when the leader is killed.
 */
@Command(
        name = "sidecars",
        showDefaultValues = true,
        description = {
            "What so many sidecars of one database cost: connections, memory, processor time; then the leader is killed.",
            "Exit code 1 if a standby has more than one PostgreSQL connection, a connection to NATS, or 120 MB; if nobody",
            "leads within 5 s after the kill; or if an event is lost, doubled or out of order."
        })
final class SidecarsBench implements Callable<Integer> {

    private static final double MOST_MB = 120;
    private static final Duration TAKE_OVER = Duration.ofSeconds(5);
    private static final int TENANTS = 5;
    private static final Pattern TOTAL = Pattern.compile("\"num_connections\": ?(\\d+)");

    @Option(names = "--instances", defaultValue = "50")
    private int instances;

    @Option(names = "--idle-seconds", defaultValue = "30", description = "Before it is measured, and measured.")
    private int idleSeconds;

    @Option(names = "--rate", defaultValue = "50", description = "Events a second around the kill.")
    private int rate;

    @Option(
            names = "--java-options",
            defaultValue = "-Xmx128m -Xms16m",
            description = "As the sidecar's manifest has them.")
    private String javaOptions;

    private final List<RelayProcess> relays = new ArrayList<>();
    private boolean failed;

    @Override
    public Integer call() throws Exception {
        ScheduledExecutorService kubelet = Executors.newSingleThreadScheduledExecutor();
        try (Servers servers =
                Servers.start(PostgresOptions.defaults().with("max_connections", Integer.toString(instances + 50)))) {
            say("%s", Machine.describe(servers));
            say("%d instances of one slot, %s", instances, javaOptions);
            try {
                start(servers);
                for (int i = 0; i < instances; i++) {
                    probe(kubelet, relays.get(i), i);
                }
                TimeUnit.SECONDS.sleep(idleSeconds);
                idle(servers);
                takeOver(servers);
            } finally {
                kubelet.shutdownNow();
                relays.forEach(RelayProcess::close);
            }
        }
        return failed ? 1 : 0;
    }

    /** One after the other: so many JVMs at once would fight for the processors. */
    private void start(Servers servers) throws Exception {
        long begin = System.nanoTime();
        for (int i = 0; i < instances; i++) {
            RelayProcess relay = servers.relay(javaOptions, Map.of());
            relays.add(relay);
            relay.awaitReady();
        }
        say("%d ready after %.1f s, one after the other", instances, seconds(begin));
    }

    /** As the manifest has it: alive every 10 s, scraped every 15 s. */
    private static void probe(ScheduledExecutorService kubelet, RelayProcess relay, int number) {
        Future<?> unusedAlive = kubelet.scheduleAtFixedRate(
                () -> quietly(relay, "/livez"), 200L * number, 10_000, TimeUnit.MILLISECONDS);
        Future<?> unusedScraped = kubelet.scheduleAtFixedRate(
                () -> quietly(relay, "/metrics"), 300L * number, 15_000, TimeUnit.MILLISECONDS);
    }

    private static void quietly(RelayProcess relay, String path) {
        try {
            relay.page(path);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void idle(Servers servers) throws Exception {
        Usage.Meter meter = Usage.Meter.of(servers, relays.get(0).pid());
        Usage before = meter.now();
        List<Duration> cpu =
                relays.stream().map(relay -> ProcessStatus.cpu(relay.pid())).toList();
        long begin = System.nanoTime();
        TimeUnit.SECONDS.sleep(idleSeconds);
        double took = seconds(begin);
        Usage used = meter.now().minus(before);
        List<Idle> standbys = new ArrayList<>();
        Idle leader = null;
        for (int i = 0; i < instances; i++) {
            RelayProcess relay = relays.get(i);
            Idle idle = new Idle(
                    Memory.of(relay.pid()),
                    100 * ProcessStatus.cpu(relay.pid()).minus(cpu.get(i)).toNanos() / 1e9 / took,
                    Sockets.connections(relay.pid(), servers.postgres().port()),
                    Sockets.connections(relay.pid(), natsPort(servers.nats())));
            if (relay.leads()) {
                demand(leader == null, "one instance leads");
                leader = idle;
            } else {
                standbys.add(idle);
            }
        }
        if (leader == null) {
            throw new IllegalStateException(
                    "nobody leads; the log says why: " + relays.get(0).log());
        }
        say(
                "leader        %s, %.1f %% of a core, %d connections to PostgreSQL, %d to NATS",
                leader.memory(), leader.cpu(), leader.postgres(), leader.nats());
        print("standby RSS", standbys, "MB", idle -> idle.memory().resident());
        print("standby PSS", standbys, "MB", idle -> idle.memory().proportional());
        print("standby own", standbys, "MB", idle -> idle.memory().own());
        print("standby CPU", standbys, "% of a core", Idle::cpu);
        print("to PostgreSQL", standbys, "connections", Idle::postgres);
        print("to NATS", standbys, "connections", Idle::nats);
        say(
                "all together  %.0f MB (PSS), the relays %.1f %% of a core, PostgreSQL %.1f %%, nats-server %.1f %%",
                leader.memory().proportional()
                        + sum(standbys, idle -> idle.memory().proportional()),
                leader.cpu() + sum(standbys, Idle::cpu),
                percent(used.postgres(), took),
                percent(used.nats(), took));
        say(
                "the servers   PostgreSQL counts %s connections of outbox_relay, nats-server %d in all (one is the bench's)",
                servers.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'outbox_relay'"),
                natsConnections(servers.nats()));
        say("a backend     of such a connection %s in PostgreSQL", backend(servers));
        demand(standbys.size() == instances - 1, "all others stand by");
        demand(standbys.stream().allMatch(idle -> idle.postgres() == 1), "a standby has one connection to PostgreSQL");
        demand(standbys.stream().allMatch(idle -> idle.nats() == 0), "a standby has no connection to NATS");
        demand(
                standbys.stream().allMatch(idle -> idle.memory().resident() < MOST_MB),
                "a standby has less than 120 MB (RSS)");
    }

    /** The server's process behind the connection of the latest standby. */
    private static Memory backend(Servers servers) throws Exception {
        return Memory.of(Long.parseLong(servers.value("SELECT pid FROM pg_stat_activity"
                + " WHERE application_name = 'outbox-relay leader' ORDER BY backend_start DESC LIMIT 1")));
    }

    private record Idle(Memory memory, double cpu, long postgres, long nats) {}

    private static void print(String what, List<Idle> standbys, String unit, ToDoubleFunction<Idle> figure) {
        double[] sorted = standbys.stream().mapToDouble(figure).sorted().toArray();
        if (sorted.length > 0) {
            say(
                    "%-13s min %.1f, median %.1f, max %.1f %s",
                    what, sorted[0], sorted[sorted.length / 2], sorted[sorted.length - 1], unit);
        }
    }

    private static double sum(List<Idle> standbys, ToDoubleFunction<Idle> figure) {
        return standbys.stream().mapToDouble(figure).sum();
    }

    /** Kills the leader while an application writes. */
    private void takeOver(Servers servers) throws Exception {
        StoredMessages stored = new StoredMessages(servers.nats().connection());
        try (SteadyWriter writer = SteadyWriter.start(servers.postgres(), rate, 1, (insert, number) -> {
            insert.setString(1, tenant(number));
            insert.setString(2, "events.bench.row");
            insert.setBytes(
                    3, ByteBuffer.allocate(500).putLong(number / TENANTS).array());
            insert.setString(4, null);
        })) {
            Await.until("events flow", Duration.ofMinutes(1), () -> last(stored) >= 5L * rate);
            RelayProcess leader = leader(servers);
            long killed = System.nanoTime();
            leader.kill();
            relays.remove(leader);

            String instance = instance(leader);
            Await.until(
                    "another one is elected",
                    Duration.ofMinutes(1),
                    () -> !elected(servers).equals(instance));
            double elected = seconds(killed);
            RelayProcess next = leader(servers);
            Await.until("it leads", Duration.ofMinutes(1), next::leads);
            double leads = seconds(killed);
            say("the leader is killed: another one is elected after %.2f s and leads after %.2f s", elected, leads);
            demand(leads < TAKE_OVER.toSeconds(), "another one leads within 5 s");
            TimeUnit.SECONDS.sleep(5);
            long written = writer.stop();
            Await.until("every event is stored", Duration.ofMinutes(1), () -> last(stored) >= written);
            continuity(stored, written);
        }
        Await.until("the others stand by", Duration.ofSeconds(10), () -> {
            int standing = 0;
            for (RelayProcess relay : relays) {
                standing += relay.standsBy() ? 1 : 0;
            }
            return standing == instances - 2;
        });
    }

    private void continuity(StoredMessages stored, long written) throws Exception {
        List<Double> millis = new ArrayList<>();
        StringBuilder wrong = new StringBuilder();
        for (int i = 0; i < TENANTS; i++) {
            long count = (written - i + TENANTS - 1) / TENANTS;
            wrong.append(stored.compare(tenant(i), 0, 0, count));
            stored.times(tenant(i), 0, event -> millis.add(event.millis()));
        }
        say("commit to stored, the kill in the middle: %s", Latencies.of(millis));
        demand(
                wrong.length() == 0,
                "all %,d events are there once and in order%s"
                        .formatted(written, wrong.length() == 0 ? "" : ": " + wrong));
    }

    private static String tenant(long number) {
        return "t-" + number % TENANTS;
    }

    private static long last(StoredMessages stored) throws Exception {
        long all = 0;
        for (int i = 0; i < TENANTS; i++) {
            all += stored.last(tenant(i));
        }
        return all;
    }

    /** The instance that the database says was elected last. */
    private RelayProcess leader(Servers servers) throws Exception {
        String elected = elected(servers);
        return relays.stream()
                .filter(relay -> instance(relay).equals(elected))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("nobody is " + elected));
    }

    private static String elected(Servers servers) throws Exception {
        return servers.value("SELECT split_part(instance, '/', 2) FROM outbox.leader");
    }

    private static String instance(RelayProcess relay) {
        return Long.toString(relay.pid());
    }

    private static int natsPort(TestNats nats) {
        return URI.create(nats.node(0).url()).getPort();
    }

    private static long natsConnections(TestNats nats) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(nats.node(0).monitorUrl() + "/connz"))
                .timeout(Duration.ofSeconds(10))
                .build();
        String answer = HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
        Matcher total = TOTAL.matcher(answer);
        if (!total.find()) {
            throw new IOException("/connz does not tell the number of connections: " + answer);
        }
        return Long.parseLong(total.group(1));
    }

    private void demand(boolean passed, String what) {
        failed |= !passed;
        say("%s   %s", passed ? "PASS" : "FAIL", what);
    }

    private static double percent(Duration cpu, double seconds) {
        return 100 * cpu.toNanos() / 1e9 / seconds;
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }
}

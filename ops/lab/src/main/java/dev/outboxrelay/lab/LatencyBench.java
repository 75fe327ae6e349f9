package dev.outboxrelay.lab;

import dev.outboxrelay.testing.RelayProcess;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamInfo;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Commit to stored at a steady rate: each message carries its commit time, and its stream the time at which it was
 * stored; the PubAck leaves the server at that moment.
 */
@Command(name = "latency", description = "Commit to PubAck at a steady rate.")
final class LatencyBench implements Callable<Integer> {

    private static final Duration IDLE = Duration.ofSeconds(30);

    /** What an idle relay may use of a core. */
    private static final double MOST_IDLE = 0.02;

    private static final int SHOWN_THREADS = 8;

    @Option(names = "--rate", defaultValue = "200")
    private int rate;

    @Option(names = "--tenants", defaultValue = "20")
    private int tenants;

    @Option(names = "--seconds", defaultValue = "60")
    private int seconds;

    @Option(names = "--settle", defaultValue = "mark")
    private String settle;

    @Option(names = "--reader", defaultValue = "lean")
    private String reader;

    @Override
    public Integer call() throws Exception {
        try (Servers servers = Servers.start();
                RelayProcess relay =
                        servers.relay("", Map.of("outbox.settle.mode", settle, "outbox.source.reader", reader))) {
            relay.awaitReady();
            int warmUp = 10 * rate;
            write(servers, warmUp);
            Duration before = relay.cpu();
            write(servers, rate * seconds);
            Duration used = relay.cpu().minus(before);
            int all = warmUp + rate * seconds;
            Published.await(relay, all, Duration.ofMinutes(2));
            List<Double> millis = latencies(servers, warmUp / (long) tenants);
            Collections.sort(millis);
            Map<String, Duration> idleThreads = new TreeMap<>();
            Duration idle = idle(relay, idleThreads);
            System.out.printf(
                    Locale.ROOT,
                    "%s reader, %d events/s over %d tenants for %d s, settle %s: commit to PubAck p50 %.1f  p99 %.1f  p99.9 %.1f"
                            + "  max %.1f ms (%,d events); the relay used %.1f %% of a core, %.1f %% idle, %d MB at most%n",
                    reader,
                    rate,
                    tenants,
                    seconds,
                    settle,
                    Latencies.at(millis, 0.5),
                    Latencies.at(millis, 0.99),
                    Latencies.at(millis, 0.999),
                    millis.get(millis.size() - 1),
                    millis.size(),
                    100.0 * used.toMillis() / (seconds * 1_000.0),
                    100.0 * idle.toMillis() / IDLE.toMillis(),
                    relay.peakResidentMb());
            idleThreads.entrySet().stream()
                    .filter(thread -> thread.getValue().toMillis() > 0)
                    .sorted(Map.Entry.<String, Duration>comparingByValue().reversed())
                    .limit(SHOWN_THREADS)
                    .forEach(thread -> System.out.printf(
                            Locale.ROOT,
                            "  idle: %-20s %.1f %% of a core%n",
                            thread.getKey(),
                            100.0 * thread.getValue().toMillis() / IDLE.toMillis()));
            return idle.toMillis() < MOST_IDLE * IDLE.toMillis() ? 0 : 1;
        }
    }

    /** What it uses while nothing happens. */
    private static Duration idle(RelayProcess relay, Map<String, Duration> threads) throws InterruptedException {
        Map<String, Duration> threadsBefore = relay.cpuByThread();
        Duration before = relay.cpu();
        TimeUnit.MILLISECONDS.sleep(IDLE.toMillis());
        Duration used = relay.cpu().minus(before);
        relay.cpuByThread()
                .forEach((name, cpu) -> threads.put(name, cpu.minus(threadsBefore.getOrDefault(name, Duration.ZERO))));
        return used;
    }

    private void write(Servers servers, int events) throws Exception {
        byte[] payload = new byte[500];
        SteadyWriter.write(servers.postgres(), rate, 1, events, Duration.ofHours(1), (insert, number) -> {
            insert.setString(1, "tenant-" + number % tenants);
            insert.setString(2, "events.bench.row");
            insert.setBytes(3, payload);
            insert.setString(4, null);
        });
    }

    private static List<Double> latencies(Servers servers, long skipped) throws Exception {
        List<Double> millis = new ArrayList<>();
        var management = servers.nats().connection().jetStreamManagement();
        for (StreamInfo stream : management.getStreams()) {
            String name = stream.getConfiguration().getName();
            for (long i = 1 + skipped; i <= stream.getStreamState().getLastSequence(); i++) {
                MessageInfo message = management.getMessage(name, i);
                Instant committed = Instant.parse(message.getHeaders().getFirst("Outbox-Committed-At"));
                millis.add(
                        ChronoUnit.MICROS.between(committed, message.getTime().toInstant()) / 1_000.0);
            }
        }
        return millis;
    }
}

package dev.outboxrelay.lab;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Drains a backlog from a cold start and prints the rate beside {@code pg_recvlogical} of the same slot position. */
@Command(name = "backlog", description = "A cold start behind a backlog.")
final class BacklogBench implements Callable<Integer> {

    @Option(names = "--rows", defaultValue = "1000000")
    private int rows;

    @Option(names = "--bytes", defaultValue = "500")
    private int bytes;

    @Option(names = "--tenants", defaultValue = "50")
    private int tenants;

    @Option(names = "--heap", defaultValue = "256m")
    private String heap;

    @Option(names = "--settle", defaultValue = "mark")
    private String settle;

    @Option(names = "--reader", defaultValue = "lean")
    private String reader;

    @Option(names = "--emit", description = "Events without rows.")
    private boolean emit;

    @Override
    public Integer call() throws Exception {
        try (Servers servers = Servers.start()) {
            if (emit) {
                Backlog.emit(servers, rows, bytes, tenants);
            } else {
                Backlog.insert(servers, rows, bytes, tenants);
            }
            double received = PgRecvlogical.receive(servers);
            System.out.printf(
                    Locale.ROOT, "%-40s %,12.0f rows/s%n", "pg_recvlogical, same slot position", rows / received);
            return drain(servers, received);
        }
    }

    private int drain(Servers servers, double received) throws Exception {
        long begin = System.nanoTime();
        try (RelayProcess relay =
                servers.relay("-Xmx" + heap, Map.of("outbox.settle.mode", settle, "outbox.source.reader", reader))) {
            relay.awaitReady();
            double ready = seconds(begin);
            Published.await(relay, rows, Duration.ofMinutes(30));
            double all = seconds(begin);
            Duration cpu = relay.cpu();
            long resident = relay.peakResidentMb();
            double rate = rows / (all - ready);
            System.out.printf(
                    Locale.ROOT,
                    "%-40s %,12.0f rows/s  (%.2f of pg_recvlogical; %.1f s to streaming, %.1f s in all)%n",
                    "outbox-relay " + reader + ", settle " + settle + ", -Xmx" + heap,
                    rate,
                    rate * received / rows,
                    ready,
                    all);
            System.out.printf(
                    Locale.ROOT,
                    "%-40s %12.1f µs of CPU an event, %d MB resident at most%n",
                    "",
                    cpu.toNanos() / 1_000.0 / rows,
                    resident);
            return check(servers, relay);
        }
    }

    /** A fast drain that loses rows is worth nothing: the streams' own counts must add up. */
    private int check(Servers servers, RelayProcess relay) throws Exception {
        long stored = 0;
        for (var name : servers.nats().connection().jetStreamManagement().getStreams()) {
            stored += name.getStreamState().getMsgCount();
        }
        if (settle.equals("mark")) {
            Await.until(
                    "every row marked",
                    Duration.ofMinutes(10),
                    () -> servers.value("SELECT count(*) FROM outbox.message WHERE status <> 'published'")
                            .equals("0"));
        }
        System.out.printf(Locale.ROOT, "%-40s %,12d of %,d rows%n", "in the streams", stored, rows);
        if (relay.log().contains("OutOfMemory")) {
            System.out.println("the relay ran out of memory");
            return 1;
        }
        return stored == rows ? 0 : 1;
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
    }
}

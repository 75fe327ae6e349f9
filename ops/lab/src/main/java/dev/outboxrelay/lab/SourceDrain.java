package dev.outboxrelay.lab;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.decode.Decoder;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.Endpoint;
import dev.outboxrelay.slot.SlotMonitor;
import dev.outboxrelay.source.DebeziumSource;
import dev.outboxrelay.testing.ProcessStatus;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestPostgres;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The source alone: rows are read, decoded as events and dropped, and everything counts as settled. A process of its
 * own, so that no reader runs on what the JIT compiler learnt from the other one.
 */
final class SourceDrain implements DebeziumSource.Handler {

    private final long rows;
    private final CountDownLatch done = new CountDownLatch(1);
    private final Decoder decoder;
    private Lsn passed = Lsn.NONE;
    private long seen;
    private long begin;
    private long beginCpu;
    private long firsts;

    private SourceDrain(long rows, Settings settings) {
        this.rows = rows;
        this.decoder = new Decoder(settings.source().all());
    }

    /** Drains a copy of the relay's slot in a new process. */
    static Drained run(Servers servers, int rows, String reader, List<String> javaOptions) throws Exception {
        try (SlotCopy slot = SlotCopy.of(servers, "bench_source")) {
            List<String> command = new ArrayList<>(ChildJvm.command(SourceDrain.class, javaOptions));
            command.addAll(List.of(
                    slot.name(),
                    servers.postgres().host(),
                    Integer.toString(servers.postgres().port()),
                    servers.postgres().password(TestPostgres.RELAY),
                    reader,
                    Integer.toString(rows)));
            return read(new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start());
        }
    }

    private static Drained read(Process process) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        String[] figures = output.lines()
                .filter(line -> line.startsWith("drained "))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the source ended without a result: " + output))
                .split(" ", -1);
        return new Drained(
                Double.parseDouble(figures[1]), Double.parseDouble(figures[2]), Long.parseLong(figures[3]), Map.of());
    }

    /** The process: slot, host, port, password, reader, rows. */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> texts =
                RelayProcess.settings("jdbc:postgresql://localhost/any", arguments[3], "nats://localhost");
        texts.put("outbox.source.reader", arguments[4]);
        texts.put("outbox.postgres.slot", arguments[0]);
        Settings settings = Decoding.settings(texts);
        Endpoint endpoint = new Endpoint(arguments[1], Integer.parseInt(arguments[2]), TestPostgres.DATABASE, Map.of());
        SourceDrain drain = new SourceDrain(Long.parseLong(arguments[5]), settings);
        DebeziumSource source = new DebeziumSource(
                settings,
                endpoint,
                new Database(settings.postgres()).login(endpoint),
                SlotMonitor.MESSAGE_PREFIX,
                drain);
        source.start();
        if (!drain.done.await(10, TimeUnit.MINUTES)) {
            throw new IllegalStateException("not drained in 10 minutes");
        }
        source.stop();
        System.exit(0);
    }

    @Override
    public Lsn owned() {
        return Lsn.NONE;
    }

    @Override
    public void changes(List<Change> changes) {
        for (Change change : changes) {
            if (change instanceof Change.Passed position) {
                passed = position.lsn();
            } else if (change instanceof Change.Inserted row && decoder.decode(row) instanceof Decoded.Event) {
                seen++;
            }
        }
        if (begin == 0 && seen > 0) {
            begin = System.nanoTime();
            beginCpu = cpu();
            firsts = seen;
        }
        if (seen >= rows && done.getCount() > 0) {
            double counted = seen - firsts;
            double seconds = (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
            System.out.printf(
                    Locale.ROOT,
                    "drained %.1f %.3f %d%n",
                    counted / seconds,
                    (cpu() - beginCpu) / 1_000.0 / counted,
                    ProcessStatus.peakResidentMb(ProcessHandle.current().pid()));
            done.countDown();
        }
    }

    private static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    @Override
    public Lsn confirmable() {
        return passed;
    }

    @Override
    public void stopped(Optional<Throwable> error) {
        error.ifPresent(Throwable::printStackTrace);
        done.countDown();
    }
}

package dev.outboxrelay.lab;

import static dev.outboxrelay.lab.IsolationReport.say;

import dev.outboxrelay.testing.ProcessStatus;
import dev.outboxrelay.testing.RelayProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Several slots, each with a share of the tenants by a row filter and a relay of its own; and one relay with very many
 * tenants: what each of them costs in memory, and how long a start takes that has to read all their streams' ends.
 */
@Command(
        name = "scale",
        showDefaultValues = true,
        description = "1, 2 and 4 slots by row filter; many tenants: memory for each, time to start.")
final class ScaleBench implements Callable<Integer> {

    private static final Pattern USED = Pattern.compile("total \\d+K, used (\\d+)K");
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int TRANSACTION = 1_000;
    private static final int SMALL = 100;

    @Option(names = "--slots", split = ",", defaultValue = "1,2,4")
    private List<Integer> slots = List.of();

    @Option(names = "--rows", defaultValue = "200000", description = "For the slots; 0 leaves them out.")
    private int rows;

    @Option(names = "--rounds", defaultValue = "2")
    private int rounds;

    @Option(names = "--tenants", defaultValue = "10000", description = "0 leaves them out.")
    private int tenants;

    private boolean failed;

    @Override
    public Integer call() throws Exception {
        try (Servers servers = Servers.start()) {
            say("%s", Machine.describe(servers));
            if (rows > 0) {
                shares(servers);
            }
        }
        if (tenants > 0) {
            try (Servers servers = Servers.start()) {
                manyTenants(servers);
            }
        }
        return failed ? 1 : 0;
    }

    /** The same backlog by turns through 1, 2 and 4 slots. */
    private void shares(Servers servers) throws Exception {
        for (int count : slots) {
            for (int share = 0; share < count; share++) {
                servers.postgres()
                        .execute("CREATE PUBLICATION " + publication(count, share)
                                + " FOR TABLE outbox.message (id, tenant_id, subject, payload, headers)"
                                + " WHERE (abs(hashtext(tenant_id)::bigint) % " + count + " = " + share
                                + ") WITH (publish = 'insert')");
            }
        }
        Load load = new Load(rows, 500, 50);
        Backlog.renew(servers, load);
        say("%,d rows of %d bytes for %d tenants, settle keep", load.rows(), load.bytes(), load.tenants());
        say("%-8s %12s %10s %8s %10s %10s", "slots", "events/s", "Postgres", "NATS", "relays", "RSS, all");
        for (int round = 1; round <= rounds; round++) {
            for (int count : slots) {
                drain(servers, load, count);
            }
        }
    }

    private static String publication(int count, int share) {
        return "share_" + share + "_of_" + count;
    }

    private void drain(Servers servers, Load load, int count) throws Exception {
        TenantStreams streams = TenantStreams.of(servers);
        List<SlotCopy> copies = new ArrayList<>();
        List<RelayProcess> relays = new ArrayList<>();
        try {
            for (int share = 0; share < count; share++) {
                copies.add(SlotCopy.of(servers, "bench_share_" + share));
            }
            long postgres = servers.postgresPid();
            long nats = Servers.natsPids().get(0);
            for (int share = 0; share < count; share++) {
                relays.add(servers.relay(
                        "",
                        Map.of(
                                "outbox.settle.mode",
                                "keep",
                                "outbox.postgres.slot",
                                "bench_share_" + share,
                                "outbox.postgres.publication",
                                publication(count, share))));
            }
            await(streams, 1);
            Duration postgresBefore = ProcessStatus.cpuWithChildren(postgres);
            Duration natsBefore = ProcessStatus.cpu(nats);
            Duration relaysBefore = cpu(relays);
            await(streams, load.rows());
            double events = load.rows();
            double postgresCpu = micros(ProcessStatus.cpuWithChildren(postgres).minus(postgresBefore)) / events;
            double natsCpu = micros(ProcessStatus.cpu(nats).minus(natsBefore)) / events;
            double relaysCpu = micros(cpu(relays).minus(relaysBefore)) / events;
            TenantStreams.Span span = streams.span();
            double seconds = Duration.between(span.first(), span.last()).toNanos() / 1e9;
            long resident =
                    relays.stream().mapToLong(RelayProcess::peakResidentMb).sum();
            say(
                    "%-8d %,12.0f %7.1f µs %5.1f µs %7.1f µs %,7d MB",
                    count, events / seconds, postgresCpu, natsCpu, relaysCpu, resident);
            String wrong = wrong(servers, streams, load);
            if (!wrong.isEmpty()) {
                failed = true;
                say("WRONG  %d slots: %s", count, wrong);
            }
        } finally {
            for (RelayProcess relay : relays) {
                relay.close();
            }
            for (SlotCopy copy : copies) {
                copy.close();
            }
            streams.deleteAll();
        }
    }

    private static String wrong(Servers servers, TenantStreams streams, Load load) throws Exception {
        String wrong = streams.compareCounts(load);
        StoredMessages stored = new StoredMessages(servers.nats().connection());
        for (int i = 0; i < load.tenants() && wrong.isEmpty(); i++) {
            wrong = stored.compare(Backlog.tenant(i, load.tenants()), 0, 0, load.each());
        }
        return wrong;
    }

    private static Duration cpu(List<RelayProcess> relays) {
        return relays.stream().map(RelayProcess::cpu).reduce(Duration.ZERO, Duration::plus);
    }

    private static double micros(Duration time) {
        return time.toNanos() / 1_000.0;
    }

    private static void await(TenantStreams streams, long least) throws Exception {
        long begin = System.nanoTime();
        while (streams.stored() < least) {
            if (System.nanoTime() - begin > PATIENCE.toNanos()) {
                throw new IllegalStateException("only " + streams.stored() + " of " + least + " events are stored");
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    /** A few tenants first, for what the rest of the process takes. */
    private void manyTenants(Servers servers) throws Exception {
        say("");
        say("%,d tenants, two events each, then one more each after a restart; file storage, one replica", tenants);
        TenantStreams streams = TenantStreams.of(servers);
        RelayProcess first = servers.relay("", Map.of("outbox.settle.mode", "keep"));
        long heapOfFew;
        try (RelayProcess relay = first.awaitReady()) {
            insert(servers, SMALL);
            await(streams, SMALL);
            heapOfFew = usedHeapKb(relay);
            long begin = System.nanoTime();
            insert(servers, tenants);
            insert(servers, tenants);
            await(streams, SMALL + 2L * tenants);
            double seconds = seconds(begin);
            long heap = usedHeapKb(relay);
            say(
                    "streams made and events stored          %8.1f s  (%,.0f new tenants a second)",
                    seconds, (tenants - SMALL) / seconds);
            say(
                    "heap in use after a collection          %8.1f MB with %d tenants, %.1f MB with %,d: %.1f KB each",
                    heapOfFew / 1024.0, SMALL, heap / 1024.0, tenants, (double) (heap - heapOfFew) / (tenants - SMALL));
            say("resident at most                        %8d MB", relay.peakResidentMb());
            int code = relay.terminate(Duration.ofSeconds(30));
            if (code != 0) {
                failed = true;
                say("WRONG  the relay ended with %d", code);
            }
        }
        restart(servers, streams);
    }

    private void restart(Servers servers, TenantStreams streams) throws Exception {
        long before = streams.stored();
        insert(servers, tenants);
        long begin = System.nanoTime();
        try (RelayProcess relay = servers.relay("", Map.of("outbox.settle.mode", "keep"))) {
            relay.awaitReady();
            double ready = seconds(begin);
            await(streams, before + tenants);
            say(
                    "started anew, one more event for each   %8.1f s to streaming, %.1f s until all fences are read and"
                            + " all events stored",
                    ready, seconds(begin));
            say("resident at most                        %8d MB", relay.peakResidentMb());
        }
        // a double would make it more
        TimeUnit.SECONDS.sleep(1);
        long stored = streams.stored();
        if (stored != before + tenants) {
            failed = true;
            say("WRONG  %d events stored instead of %d", stored, before + tenants);
        }
    }

    /** One event for each of so many tenants. */
    private static void insert(Servers servers, int count) throws Exception {
        servers.postgres()
                .execute("DO $$ BEGIN FOR i IN 0.." + (count - 1) / TRANSACTION
                        + " LOOP INSERT INTO outbox.message (tenant_id, subject, payload)"
                        + " SELECT 'tenant-' || g, 'events.bench.row', decode(rpad('', 1000, md5(g::text)), 'hex')"
                        + " FROM generate_series(i * " + TRANSACTION + ", least(" + count + ", (i + 1) * " + TRANSACTION
                        + ") - 1) g; COMMIT; END LOOP; END $$");
    }

    /** What is left after a collection. */
    private static long usedHeapKb(RelayProcess relay) throws Exception {
        String unused = jcmd(relay, "GC.run");
        Matcher used = USED.matcher(jcmd(relay, "GC.heap_info"));
        long sum = 0;
        while (used.find()) { // young and old; the metaspace is told in other words
            sum += Long.parseLong(used.group(1));
        }
        if (sum == 0) {
            throw new IllegalStateException("the JVM does not tell how much of its heap is in use");
        }
        return sum;
    }

    private static String jcmd(RelayProcess relay, String command) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(relay.pid()),
                        command)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
    }
}

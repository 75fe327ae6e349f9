package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.RepublishDesk;
import dev.outboxrelay.dlq.State;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.rule.SubjectPattern;
import dev.outboxrelay.streams.StreamIds;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * Has the relay publish again what a tenant's stream has lost and the outbox still holds. It keeps no state: run again
 * after a kill, it sees in the stream and in the table of dead letters what is left to do.
 */
@Command(
        name = "republish",
        description =
                "For the day a stream was lost: has the relay publish again, in order and each exactly once, what"
                        + " outbox.message still holds of a tenant and its stream does not. Run it again if it was interrupted.")
final class RepublishCommand implements Callable<Integer> {

    private static final int BATCH = 500;

    /** So many may wait in the table: more only fills it. */
    private static final int MOST_WAITING = 5_000;

    private static final long PAUSE_MILLIS = 100;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** A moment with its offset from UTC. */
    static final class MomentConverter implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String text) {
            try {
                return OffsetDateTime.parse(text).toInstant();
            } catch (DateTimeParseException e) {
                throw new TypeConversionException("'" + text + "' is not like 2026-11-27T06:00:00Z");
            }
        }
    }

    private final Map<String, String> environment;
    private final InstantSource clock;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Option(names = "--tenant", required = true, paramLabel = "ID", description = "The tenant, as in outbox.message.")
    private String tenant = "";

    @Option(
            names = "--from",
            paramLabel = "TIME",
            converter = MomentConverter.class,
            description = "Rows inserted then or later (created_at), as 2026-11-27T06:00:00Z; default: all.")
    @Nullable
    private Instant from;

    @Option(
            names = "--to",
            paramLabel = "TIME",
            converter = MomentConverter.class,
            description = "Rows inserted before; default: all.")
    @Nullable
    private Instant to;

    @Option(
            names = "--subject",
            paramLabel = "PATTERN",
            description = "Rows whose subject below the tenant's prefix matches; * is one token, > the rest.")
    @Nullable
    private String subject;

    @Option(names = "--dry-run", description = "Counts, and hands nothing over.")
    private boolean dryRun;

    @Option(names = "--rate", paramLabel = "N", description = "Hands over at most so many events a second.")
    @Nullable
    private Integer rate;

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    RepublishCommand(Map<String, String> environment, InstantSource clock) {
        this.environment = environment;
        this.clock = clock;
    }

    @Override
    public Integer call() throws Exception {
        if (rate != null && rate < 1) {
            throw new ParameterException(spec.commandLine(), "--rate must be 1 or more");
        }
        SubjectPattern pattern = subject == null
                ? SubjectPattern.EVERY
                : SubjectPattern.parse(subject)
                        .orElseThrow(() -> new ParameterException(
                                spec.commandLine(), "--subject: '" + Printable.of(subject) + "' is no pattern"));
        DatabaseOptions.Access access = database.readWithNats(environment, spec.commandLine());
        Address address = Address.of(tenant, access.naming())
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "'" + Printable.of(tenant) + "' is no tenant id under outbox.naming, so it has no stream"));
        try (RepublishDesk desk = RepublishDesk.open(access.postgres());
                NatsLink nats = new NatsLink(access.nats(), new Quiet())) {
            nats.open();
            if (!desk.lock(tenant)) {
                return failed("somebody else republishes tenant " + tenant + " at this moment: let them finish");
            }
            RepublishDesk.Held held = desk.find(
                    tenant,
                    from == null ? Instant.EPOCH : from,
                    to == null ? Instant.parse("9999-01-01T00:00:00Z") : to,
                    text -> matches(pattern, address, text));
            if (!dryRun && !held.events().isEmpty() && !awaitConfirmed(desk)) {
                return ExitCode.FAILED;
            }
            String lookedAt = desk.now();
            Optional<StreamIds> stream = StreamIds.read(nats.connection(), address);
            List<RepublishDesk.Published> lost =
                    lost(held, stream.map(StreamIds::ids).orElse(Set.of()));
            long handed = 0;
            if (!dryRun) {
                if (stream.isPresent()) {
                    awaitForgotten(stream.get(), lost);
                }
                handed = handOver(desk, lost, lookedAt, access.postgres().walBudget() / 2);
            }
            report(held, address, stream.isPresent(), lost.size(), handed);
            return ExitCode.FINE;
        }
    }

    private static boolean matches(SubjectPattern pattern, Address address, String text) {
        return pattern.matches(
                text, text.startsWith(address.prefix()) ? address.prefix().length() : 0);
    }

    private static List<RepublishDesk.Published> lost(RepublishDesk.Held held, Set<UUID> inStream) {
        List<RepublishDesk.Published> lost = new ArrayList<>();
        for (RepublishDesk.Published event : held.events()) {
            if (!inStream.contains(event.id())) {
                lost.add(event);
            }
        }
        return lost;
    }

    /**
     * Waits while the server may still remember the ids of lost messages: as long as it does, it takes none of them
     * again, and the relay has to believe that they were there and are gone.
     */
    private void awaitForgotten(StreamIds stream, List<RepublishDesk.Published> lost) throws InterruptedException {
        Instant last = lost.stream()
                .map(RepublishDesk.Published::at)
                .max(Instant::compareTo)
                .orElse(Instant.EPOCH);
        if (last.isBefore(stream.created())) {
            return; // it was made anew and remembers nothing of them
        }
        Instant free = last.plus(stream.duplicateWindow()).plusSeconds(1);
        long millis = Duration.between(clock.instant(), free).toMillis();
        if (millis > 0) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("Waiting until " + free + ": until then the server remembers the ids of what was lost.");
            err.flush();
            TimeUnit.MILLISECONDS.sleep(millis);
        }
    }

    /** Until then some of what was found may be on its way to the stream, or come again after a restart. */
    private boolean awaitConfirmed(RepublishDesk desk) throws DeskException, InterruptedException {
        String position = desk.position();
        long begin = System.nanoTime();
        RepublishDesk.Slot slot = desk.slot(position);
        while (!slot.passed()) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                failed(
                        slot.active()
                                ? "the relay has not settled yet what was committed before: is NATS there, and does"
                                        + " anything else hold it up? outbox-relay status tells; then run this again"
                                : "no relay reads the slot: start it, then run this again");
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            slot = desk.slot(position);
        }
        return true;
    }

    private int failed(String why) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("Nothing was handed over: " + why + ".");
        err.flush();
        return ExitCode.FAILED;
    }

    private long handOver(RepublishDesk desk, List<RepublishDesk.Published> lost, String lookedAt, long walBytes)
            throws DeskException, InterruptedException {
        ProgressLine progress = new ProgressLine(spec.commandLine().getErr(), "handed over");
        int batch = rate == null ? BATCH : Math.min(BATCH, Math.max(1, rate / 10));
        long begin = System.nanoTime();
        long handed = 0;
        for (int at = 0; at < lost.size(); at += batch) {
            awaitRoom(desk, walBytes);
            if (rate != null) {
                long due = begin + TimeUnit.SECONDS.toNanos(at) / rate;
                TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            }
            int end = Math.min(lost.size(), at + batch);
            List<UUID> ids = lost.subList(at, end).stream()
                    .map(RepublishDesk.Published::id)
                    .toList();
            handed += desk.handOver(tenant, ids, lookedAt);
            progress.at(end, lost.size());
        }
        return handed;
    }

    /**
     * Waits while the relay has plenty to send, or the slot keeps half of its WAL budget; what waits then goes out, and
     * that is enough to be sure that it is not this which fills it.
     */
    private void awaitRoom(RepublishDesk desk, long walBytes) throws DeskException, InterruptedException {
        long waiting = desk.waiting(tenant, MOST_WAITING);
        while (waiting >= MOST_WAITING || (waiting > 0 && desk.slot("0/0").retainedBytes() >= walBytes)) {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            waiting = desk.waiting(tenant, MOST_WAITING);
        }
    }

    private void report(RepublishDesk.Held held, Address address, boolean exists, long lost, long handed) {
        PrintWriter out = spec.commandLine().getOut();
        long inStream = held.events().size() - lost;
        if (json) {
            ObjectNode all = LetterJson.object();
            all.put("tenant_id", tenant);
            all.put("stream", address.stream().value());
            all.put("stream_exists", exists);
            all.put("dry_run", dryRun);
            all.put("held", held.events().size());
            all.put("in_stream", inStream);
            all.put("lost", lost);
            all.put("handed_over", handed);
            all.put("oldest", held.oldest() == null ? null : held.oldest().toString());
            all.put("newest", held.newest() == null ? null : held.newest().toString());
            for (State state : State.values()) {
                Long count = held.others().get(state);
                if (count != null) {
                    all.put(state.code(), count);
                }
            }
            out.println(all);
        } else {
            out.printf(
                    "tenant %s: outbox.message holds %,d events that were published%s%n",
                    Printable.of(tenant),
                    held.events().size(),
                    held.oldest() == null ? "" : ", inserted from " + held.oldest() + " to " + held.newest());
            if (exists) {
                out.printf("stream %s has %,d of them%n", address.stream(), inStream);
            } else {
                out.println("there is no stream " + address.stream());
            }
            held.others().forEach((state, count) -> out.printf("%,d more are %s: left alone%n", count, state.code()));
            out.printf(
                    dryRun ? "%,d would be handed over to the relay%n" : "%,d handed over to the relay%n",
                    dryRun ? lost : handed);
        }
        out.flush();
    }

    /** Nobody here waits for the connection to come back. */
    private static final class Quiet implements NatsLink.Listener {
        @Override
        public void connected(long maxPayload) {
            // its first use says whether it is there
        }

        @Override
        public void disconnected(String why) {
            // the same
        }
    }
}

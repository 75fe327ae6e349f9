package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.RepublishDesk;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.rule.SubjectPattern;
import dev.outboxrelay.streams.StreamRemains;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
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

    private static final int LOOKS = 20;
    private static final long PAUSE_MILLIS = 100;

    private static final Instant FAR = Instant.parse("9999-01-01T00:00:00Z");

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

    @Option(
            names = "--also-expired",
            description =
                    "Also what the stream would have dropped by now for its age or for want of room: that may have"
                            + " been read long ago, and was not lost.")
    private boolean alsoExpired;

    @Option(names = "--rate", paramLabel = "N", description = "Hands over at most so many events a second.")
    @Nullable
    private Integer rate;

    @Option(names = "--wait", description = "Waits until each is published or dead; fails if any of them is dead.")
    private boolean wait;

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    RepublishCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws Exception {
        if (rate != null && rate < 1) {
            throw wrong("--rate must be 1 or more");
        }
        if (from != null && to != null && !from.isBefore(to)) {
            throw wrong("--from must be before --to");
        }
        SubjectPattern pattern = subject == null
                ? SubjectPattern.EVERY
                : SubjectPattern.parse(subject)
                        .orElseThrow(() -> wrong("--subject: '" + Printable.of(subject) + "' is no pattern"));
        DatabaseOptions.Access access = database.readWithNats(environment, spec.commandLine());
        if (access.settings().source().all().stream()
                .noneMatch(table -> table.name().equals(TableName.OUTBOX_MESSAGE))) {
            throw wrong(
                    "republish reads outbox.message, and this relay does not (outbox.source): events of mapped tables"
                            + " are published again by inserting them again");
        }
        Address address = Address.of(tenant, access.naming())
                .orElseThrow(() -> wrong(
                        "'" + Printable.of(tenant) + "' is no tenant id under outbox.naming, so it has no stream"));
        try (RepublishDesk desk = RepublishDesk.open(access.postgres());
                NatsLink nats = new NatsLink(access.nats(), new QuietLink())) {
            Optional<String> otherSlot =
                    OtherSlot.refusal(desk, tenant, access.postgres().slot());
            if (otherSlot.isPresent()) {
                return end(otherSlot.get());
            }
            nats.open();
            if (!locked(desk)) {
                return end("somebody else republishes tenant " + Printable.of(tenant)
                        + " at this moment: let them finish");
            }
            return run(access, address, pattern, desk, nats);
        }
    }

    /** One that was killed just now may still have its session: the server takes a moment to notice. */
    private boolean locked(RepublishDesk desk) throws DeskException, InterruptedException {
        for (int looks = 1; looks < LOOKS; looks++) {
            if (desk.lock(tenant)) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        return desk.lock(tenant);
    }

    private int run(
            DatabaseOptions.Access access, Address address, SubjectPattern pattern, RepublishDesk desk, NatsLink nats)
            throws DeskException, StreamRemains.Refused, InterruptedException {
        RepublishWish wish = new RepublishWish(
                from == null ? Instant.EPOCH : from,
                to == null ? FAR : to,
                pattern,
                TenantRules.of(tenant, access.settings(), desk.policies(tenant)),
                dryRun,
                alsoExpired,
                rate == null ? 0 : rate,
                wait);
        RepublishReport report = new RepublishReport(address, dryRun);
        String trouble = new RepublishRun(
                        desk,
                        nats,
                        address,
                        wish,
                        access.postgres().walBudget() / 2,
                        report,
                        spec.commandLine().getErr())
                .run();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(report.json());
        } else {
            report.print(out);
        }
        out.flush();
        return end(trouble);
    }

    private int end(@Nullable String trouble) {
        if (trouble == null) {
            return ExitCode.FINE;
        }
        PrintWriter err = spec.commandLine().getErr();
        err.println("Not done: " + trouble + ".");
        err.flush();
        return ExitCode.FAILED;
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }
}

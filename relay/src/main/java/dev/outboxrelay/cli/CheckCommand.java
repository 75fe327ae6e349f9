package dev.outboxrelay.cli;

import dev.outboxrelay.check.Check;
import dev.outboxrelay.check.Doctor;
import dev.outboxrelay.check.End;
import dev.outboxrelay.check.NatsFacts;
import dev.outboxrelay.check.PostgresFacts;
import dev.outboxrelay.check.Report;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.publish.NatsRefused;
import dev.outboxrelay.slot.PostgresLook;
import dev.outboxrelay.streams.NatsLook;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The doctor: looks at both ends as the relay sees them and says what is wrong and what mends it. */
@Command(
        name = "check",
        description = "Checks PostgreSQL and NATS as the relay sees them: settings, rights, publication, slot, limits,"
                + " streams; every failure with what mends it. Changes nothing. Exit code 1 if a check fails.")
final class CheckCommand implements Callable<Integer> {

    private final Map<String, String> environment;
    private final InstantSource clock;

    @Mixin
    private ConfigOption config = new ConfigOption();

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Option(
            names = "--only",
            paramLabel = "ID",
            split = ",",
            description = "Only these checks; may be repeated. --list names them.")
    private List<String> only = new ArrayList<>();

    @Option(names = "--list", description = "Lists all checks with why each matters, and looks at nothing.")
    private boolean list;

    @Option(
            names = "--nats-monitor",
            paramLabel = "URL",
            description =
                    "A NATS server's monitoring endpoint (http://HOST:8222), which alone tells the server's limits.")
    @Nullable
    private URI monitor;

    @Spec
    private CommandSpec spec;

    CheckCommand(Map<String, String> environment, InstantSource clock) {
        this.environment = environment;
        this.clock = clock;
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        Set<Check> wanted = wanted();
        if (list) {
            CheckPage.list(wanted, out);
            out.flush();
            return ExitCode.FINE;
        }
        if (monitor != null && !String.valueOf(monitor.getScheme()).matches("https?")) {
            throw new ParameterException(spec.commandLine(), "--nats-monitor must be http://HOST:PORT");
        }
        Reading reading = ConfigLoader.load(config.file, environment);
        if (reading instanceof Reading.Rejected rejected) {
            ConfigProblems.print(rejected, spec.commandLine().getErr());
            return ExitCode.WRONG_USAGE;
        }
        Report report = examine(((Reading.Complete) reading).settings(), wanted);
        if (json) {
            out.println(CheckPage.json(report).toPrettyString());
        } else {
            CheckPage.print(report, out);
        }
        out.flush();
        return report.isFine() ? ExitCode.FINE : ExitCode.FAILED;
    }

    private Set<Check> wanted() {
        Set<Check> wanted = EnumSet.noneOf(Check.class);
        for (String id : only) {
            wanted.add(Check.of(id)
                    .orElseThrow(() -> new ParameterException(
                            spec.commandLine(), "There is no check '" + Printable.of(id) + "': --list names them")));
        }
        return wanted.isEmpty() ? EnumSet.copyOf(Arrays.asList(Check.values())) : wanted;
    }

    private Report examine(Settings settings, Set<Check> wanted) throws InterruptedException {
        End<PostgresFacts> postgres = PostgresLook.look(settings, clock);
        boolean asksNats = wanted.stream().anyMatch(check -> !check.group().isOfPostgres());
        return Doctor.examine(
                settings, postgres, asksNats ? nats(settings, postgres) : End.away(End.Failure.AWAY, ""), wanted);
    }

    private End<NatsFacts> nats(Settings settings, End<PostgresFacts> postgres) throws InterruptedException {
        try (NatsLink link = new NatsLink(settings.nats(), new Quiet())) {
            link.open();
            return NatsLook.look(
                    link.connection(),
                    link.server(),
                    settings,
                    Doctor.tenants(postgres),
                    Doctor.wantsConsumers(settings, postgres),
                    monitor,
                    clock);
        } catch (NatsRefused e) {
            return End.away(
                    e.isDistrust() ? End.Failure.TLS : End.Failure.REFUSED,
                    String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", "; "));
        } catch (IOException e) {
            return End.away(
                    isTls(e) ? End.Failure.TLS : End.Failure.AWAY,
                    String.valueOf(e.getMessage())
                            .replaceAll("//[^@/\\s]*@", "//***@") // a list of URLs, so that each is kept
                            .replaceAll("\\s*\\R\\s*", "; "));
        }
    }

    private static boolean isTls(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SSLException
                    || String.valueOf(cause.getMessage()).contains("SSL")) {
                return true;
            }
        }
        return false;
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

        @Override
        public void complained(String error) {
            // what was tried and refused is a finding, not a line of the log
        }
    }
}

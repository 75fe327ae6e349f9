package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows how the tenants of a running relay fare. */
@Command(
        name = "status",
        description = "Shows each tenant of the running relay, the one that suffers most first; with --tenant why it is"
                + " stuck, in words.")
final class StatusCommand implements Callable<Integer> {

    private static final int WATCH_SECONDS = 2;

    /** Moves a terminal's cursor to its upper left corner and clears what is below. */
    private static final String CLEAR = "\u001b[H\u001b[J";

    private final Map<String, String> environment;

    @Mixin
    private ConfigOption config = new ConfigOption();

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Where the relay's admin server is (default: http:// and outbox.admin.bind).")
    @Nullable
    private String url;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "A file with the relay's token, where reading wants it (default, without --url:"
                    + " outbox.admin.token or its file).")
    @Nullable
    private Path tokenFile;

    @Option(names = "--tenant", paramLabel = "ID", description = "Only this tenant, with all that is known of it.")
    @Nullable
    private String tenant;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "50",
            description = "How many tenants have a line of their own; the others share one (default: 50).")
    private int limit;

    @Option(names = "--json", description = "Prints what /api/status answers, or the tenant's part of it.")
    private boolean json;

    @Option(names = "--watch", description = "Shows it again every " + WATCH_SECONDS + " seconds, until Ctrl-C.")
    private boolean watch;

    @Spec
    private CommandSpec spec;

    StatusCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (limit < 0) {
            throw new ParameterException(spec.commandLine(), "--limit must be 0 or more, not " + limit);
        }
        if (watch && json) {
            throw new ParameterException(spec.commandLine(), "--watch and --json do not go together");
        }
        StatusClient client = client();
        PrintWriter out = spec.commandLine().getOut();
        int exit = show(client.get(), out);
        while (watch) {
            TimeUnit.SECONDS.sleep(WATCH_SECONDS);
            JsonNode status = client.get();
            out.print(CLEAR);
            exit = show(status, out);
        }
        return exit;
    }

    private StatusClient client() {
        try {
            return StatusClient.of(url, tokenFile, config.file, environment, spec.commandLine());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--url: " + e.getMessage(), e);
        }
    }

    private int show(JsonNode status, PrintWriter out) {
        String wanted = tenant;
        StatusPage page = new StatusPage(status, Instant.now());
        boolean found = true;
        if (wanted == null) {
            if (json) {
                out.println(status.toPrettyString());
            } else {
                page.print(limit, out);
            }
        } else {
            found = page.tenant(wanted).isPresent();
            page.tenant(wanted).ifPresent(one -> {
                if (json) {
                    out.println(one.toPrettyString());
                } else {
                    page.print(one, out);
                }
            });
        }
        out.flush();
        if (!found) {
            PrintWriter err = spec.commandLine().getErr();
            err.println(page.unknown(String.valueOf(wanted)));
            err.flush();
        }
        return found ? ExitCode.FINE : ExitCode.FAILED;
    }
}

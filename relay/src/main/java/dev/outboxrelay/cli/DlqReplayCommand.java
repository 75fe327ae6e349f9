package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.Correction;
import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.Kind;
import dev.outboxrelay.dlq.LetterDesk;
import dev.outboxrelay.dlq.LetterFilter;
import dev.outboxrelay.dlq.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Asks the running relay to publish dead letters again. */
@Command(
        name = "replay",
        description = "Asks the relay to publish dead letters again, in the order of their arrival, each exactly once.")
final class DlqReplayCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Mixin
    private LetterOptions letters = new LetterOptions();

    @Mixin
    private ChangeOptions change = new ChangeOptions();

    @Option(
            names = "--set-subject",
            paramLabel = "SUBJECT",
            description = "Publishes them under this subject below their tenant's prefix.")
    @Nullable
    private String subject;

    @Option(
            names = "--set-header",
            paramLabel = "NAME=VALUE",
            description = "Sets a header; NAME= removes it. May be repeated.")
    private List<String> headers = new ArrayList<>();

    @Option(names = "--as-written", description = "Forgets what earlier replays corrected.")
    private boolean asWritten;

    @Option(
            names = "--wait",
            description = "Waits until each is published or dead again; fails if any of them is dead again.")
    private boolean wait;

    @Spec
    private CommandSpec spec;

    DlqReplayCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws DeskException, InterruptedException {
        Correction correction = new Correction(subject, parsedHeaders(), asWritten);
        DatabaseOptions.Access access = database.read(environment, spec.commandLine());
        LetterFilter filter = letters.filter(access.postgres().slot(), Kind.EVENT);
        change.check(filter, spec.commandLine());
        ProgressLine progress = new ProgressLine(spec.commandLine().getErr(), "handed over");
        try (LetterDesk desk = LetterDesk.open(access.postgres())) {
            Outcome outcome = desk.replay(filter, correction, access.naming(), change.dryRun, progress::at);
            int exit = change.report(
                    "handed over",
                    outcome,
                    letters,
                    OtherSlot.ofNothing(
                            desk, outcome, letters, access.postgres().slot()),
                    spec.commandLine());
            if (!wait || change.dryRun) {
                return exit;
            }
            boolean published = new ReplayWatch(desk, change.json, spec.commandLine()).follow(outcome.changed());
            return published ? exit : ExitCode.FAILED;
        }
    }

    private Map<String, String> parsedHeaders() {
        Map<String, String> parsed = new LinkedHashMap<>();
        for (String header : headers) {
            int equals = header.indexOf('=');
            if (equals < 1) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--set-header wants NAME=VALUE, or NAME= to remove it, not '" + header + "'");
            }
            String name = header.substring(0, equals);
            if (parsed.put(name, header.substring(equals + 1)) != null) {
                throw new ParameterException(spec.commandLine(), "--set-header gives " + name + " twice");
            }
        }
        return parsed;
    }
}

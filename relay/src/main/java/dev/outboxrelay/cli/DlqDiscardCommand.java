package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.LetterDesk;
import dev.outboxrelay.dlq.LetterFilter;
import dev.outboxrelay.dlq.Outcome;
import dev.outboxrelay.dlq.State;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Gives letters up: their events will not be sent. */
@Command(
        name = "discard",
        description =
                "Gives dead letters up: their events will not be published. What a relay is sending at this moment is"
                        + " published all the same, and says so.")
final class DlqDiscardCommand implements Callable<Integer> {

    private static final Set<State> POSSIBLE = EnumSet.of(State.DEAD, State.PARKED, State.REPLAYING);

    private final Map<String, String> environment;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Mixin
    private LetterOptions letters = new LetterOptions();

    @Mixin
    private KindOption of = new KindOption();

    @Mixin
    private ChangeOptions change = new ChangeOptions();

    @Option(
            names = "--state",
            paramLabel = "STATE",
            split = ",",
            converter = StateConverter.class,
            description = "dead, parked or replaying; may be repeated (default: dead).")
    private List<State> states = new ArrayList<>();

    @Spec
    private CommandSpec spec;

    DlqDiscardCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws DeskException {
        Set<State> wanted = states.isEmpty() ? EnumSet.of(State.DEAD) : EnumSet.copyOf(states);
        if (!POSSIBLE.containsAll(wanted)) {
            throw new ParameterException(
                    spec.commandLine(), "--state must be dead, parked or replaying: the others are decided already");
        }
        DatabaseOptions.Access access = database.read(environment, spec.commandLine());
        LetterFilter filter = letters.filter(access.postgres().slot(), of.kind());
        change.check(filter, spec.commandLine());
        ProgressLine progress = new ProgressLine(spec.commandLine().getErr(), "discarded");
        try (LetterDesk desk = LetterDesk.open(access.postgres())) {
            Outcome outcome = desk.discard(filter, wanted, change.dryRun, progress::at);
            return change.report(
                    "discarded",
                    outcome,
                    letters,
                    OtherSlot.ofNothing(
                            desk, outcome, letters, access.postgres().slot()),
                    spec.commandLine());
        }
    }
}

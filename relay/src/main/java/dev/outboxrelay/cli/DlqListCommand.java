package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.Letter;
import dev.outboxrelay.dlq.LetterDesk;
import dev.outboxrelay.dlq.State;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Lists letters, one a line; never a payload. */
@Command(
        name = "list",
        description =
                "Lists dead letters, oldest first; with --state also parked and decided ones. Never prints a payload.")
final class DlqListCommand implements Callable<Integer> {

    private static final int LONGEST_ERROR = 100;

    private final Map<String, String> environment;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Mixin
    private LetterOptions letters = new LetterOptions();

    @Mixin
    private KindOption of = new KindOption();

    @Option(
            names = "--state",
            paramLabel = "STATE",
            split = ",",
            converter = StateConverter.class,
            description =
                    "parked, sent, dead, replaying, replayed or discarded; may be repeated (default: dead,replaying).")
    private List<State> states = new ArrayList<>();

    @Option(names = "--limit", paramLabel = "N", defaultValue = "100", description = "How many at most (default: 100).")
    private int limit;

    @Option(names = "--json", description = "Prints one JSON object a line.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    DlqListCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws DeskException {
        if (limit < 1 || limit > 1_000_000) {
            throw new ParameterException(spec.commandLine(), "--limit must be 1 to 1000000, not " + limit);
        }
        DatabaseOptions.Access access = database.read(environment, spec.commandLine());
        Set<State> wanted = states.isEmpty() ? defaultStates() : EnumSet.copyOf(states);
        List<Letter> found;
        try (LetterDesk desk = LetterDesk.open(access.postgres())) {
            found = desk.list(letters.filter(access.postgres().slot(), of.kind()), wanted, limit + 1);
        }
        List<Letter> shown = found.subList(0, Math.min(limit, found.size()));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            shown.forEach(letter -> out.println(LetterJson.summary(letter)));
        } else {
            print(shown, wanted, access.postgres().slot(), out);
        }
        out.flush();
        if (found.size() > limit) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("There are more: these are the first " + limit + " (--limit).");
            err.flush();
        }
        return ExitCode.FINE;
    }

    /** A letter that is named is shown whatever its state. */
    private Set<State> defaultStates() {
        return letters.keys().isEmpty() ? EnumSet.of(State.DEAD, State.REPLAYING) : EnumSet.allOf(State.class);
    }

    private static void print(List<Letter> shown, Set<State> states, String slot, PrintWriter out) {
        if (shown.isEmpty()) {
            out.println("No letter of slot " + slot + " fits (states: "
                    + states.stream().map(State::code).collect(Collectors.joining(", ")) + ").");
            return;
        }
        TextTable table =
                new TextTable("SEQ", "STATE", "TENANT", "REASON", "ATTEMPTS", "AGE", "SUBJECT", "EVENT", "ERROR");
        Instant now = Instant.now();
        for (Letter letter : shown) {
            table.add(
                    Long.toString(letter.seq()),
                    letter.state().code(),
                    Printable.of(letter.tenant()),
                    Printable.of(letter.reason()),
                    Integer.toString(letter.attempts()),
                    age(letter.deadAt() == null ? letter.committedAt() : letter.deadAt(), now),
                    Printable.of(letter.replaySubject() == null ? letter.subject() : letter.replaySubject()),
                    Printable.of(letter.eventId()),
                    shortened(Printable.of(letter.error())));
        }
        table.print(out);
    }

    private static String shortened(String text) {
        return text.length() > LONGEST_ERROR ? text.substring(0, LONGEST_ERROR) + "…" : text;
    }

    /** The largest whole unit. */
    static String age(@Nullable Instant since, Instant now) {
        if (since == null) {
            return "-";
        }
        Duration age = Duration.between(since, now);
        if (age.toDays() > 0) {
            return age.toDays() + "d";
        }
        if (age.toHours() > 0) {
            return age.toHours() + "h";
        }
        return age.toMinutes() > 0 ? age.toMinutes() + "m" : Math.max(0, age.toSeconds()) + "s";
    }
}

package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.dlq.EventDesk;
import dev.outboxrelay.dlq.Kind;
import dev.outboxrelay.dlq.Letter;
import dev.outboxrelay.dlq.OutboxRow;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.rule.SubjectPattern;
import dev.outboxrelay.streams.EventSearch;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says where an event is. */
@Command(
        name = "event",
        description =
                "Says where an event is: in the WAL, on its way, in its stream, parked, dead, dropped, or lost; and what"
                        + " to do. Shows no payload.")
final class EventCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Parameters(
            paramLabel = "ID",
            description = "The row's id, or the header Nats-Msg-Id: for a mapped table schema.table:id.")
    private String id = "";

    @Option(
            names = "--tenant",
            paramLabel = "ID",
            description = "Whose event it is: looks into that tenant's stream even where row and letter are gone, and"
                    + " fails where they are another tenant's.")
    @Nullable
    private String tenant;

    @Option(
            names = "--search",
            paramLabel = "N",
            defaultValue = "5000",
            description = "How many messages of the stream are read at most (default: 5000): there is no index of ids.")
    private int search;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "15",
            description =
                    "How long it waits at most for the relay to settle an event that is on its way (default: 15).")
    private int patience;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "A file with the relay's token, where reading its status wants it.")
    @Nullable
    private Path tokenFile;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Where the relay's admin server is (default: http:// and outbox.admin.bind).")
    @Nullable
    private String url;

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    EventCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws Exception {
        if (!EventId.isValid(id)) {
            throw wrong("'" + Printable.of(id) + "' is no event id: printable ASCII without blanks");
        }
        EventId event = new EventId(id);
        if (RowRef.of(event).table().equals(TableName.OUTBOX_MESSAGE)
                && EventDesk.key(event).isEmpty()) {
            throw wrong(
                    "'" + id + "' is no id of outbox.message, which are UUIDs; an event of a mapped table is asked for"
                            + " as schema.table:id");
        }
        event = EventDesk.key(event).map(key -> new EventId(key.toString())).orElse(event);
        if (search < 1 || patience < 0) {
            throw wrong("--search must be 1 or more, and --wait 0 or more");
        }
        DatabaseOptions.Access access = database.readWithNats(environment, spec.commandLine());
        EventFacts facts;
        try (EventDesk desk = EventDesk.open(access.postgres());
                NatsLink nats = new NatsLink(access.nats(), new QuietLink())) {
            facts = new EventLook(
                            desk, nats, access.settings(), access.postgres().slot(), event, tenant, search, relay())
                    .look(Duration.ofSeconds(patience));
        }
        if (tenant != null && facts.tenant() != null && !tenant.equals(facts.tenant())) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("Event " + id + " is not of tenant " + Printable.of(tenant) + ": ask without --tenant.");
            err.flush();
            return ExitCode.FAILED;
        }
        Whereabouts where = EventJudge.judge(facts);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(json(facts, where));
        } else {
            print(facts, where, out);
        }
        out.flush();
        return where.place() == Whereabouts.Place.UNKNOWN || where.place() == Whereabouts.Place.UNCERTAIN
                ? ExitCode.FAILED
                : ExitCode.FINE;
    }

    /** Where the relay may be asked; null where nobody says. */
    private @Nullable StatusClient relay() {
        try {
            return StatusClient.of(url, tokenFile, database.config(), environment, spec.commandLine());
        } catch (IllegalArgumentException e) {
            throw wrong("--url: " + e.getMessage());
        } catch (ParameterException e) {
            if (tokenFile != null) {
                throw e;
            }
            return null; // any port: only whoever started it knows
        }
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    private static void print(EventFacts facts, Whereabouts where, PrintWriter out) {
        out.println("event " + facts.event() + ": " + where.place().code());
        OutboxRow row = facts.row();
        if (row != null) {
            out.printf(
                    "  its row: tenant %s, subject %s, inserted %s, %s%s%n",
                    Printable.of(row.tenant()),
                    Printable.of(row.subject()),
                    row.created(),
                    Printable.of(row.status()),
                    row.published() == null ? "" : " " + row.published());
        }
        out.println("  " + where.text());
        if (facts.stream() instanceof EventSearch.Result.Stored stored) {
            stored.readers()
                    .forEach(reader -> out.println(
                            "  consumer " + Printable.of(reader.name()) + ": " + progress(reader, stored.subject())));
        }
        givenUp(facts.letters())
                .forEach(letter -> out.println("  " + Printable.of(letter.source()) + " gave it up: "
                        + Printable.of(letter.error()) + " (outbox-relay dlq show " + letter.seq() + ")"));
        out.println("Next: " + where.next() + ".");
    }

    private static List<Letter> givenUp(List<Letter> letters) {
        return letters.stream().filter(letter -> letter.kind() == Kind.CONSUMER).toList();
    }

    private static String progress(EventSearch.Reader reader, String subject) {
        boolean wants = reader.filters().isEmpty()
                || reader.filters().stream()
                        .anyMatch(filter -> SubjectPattern.parse(filter)
                                .map(pattern -> pattern.matches(subject, 0))
                                .orElse(true));
        if (!wants) {
            return "does not want this subject";
        }
        return switch (reader.progress()) {
            case ACKNOWLEDGED -> "acknowledged, with everything before it";
            case GIVEN -> "given to it; an earlier one is not acknowledged, so it cannot be told whether this one is";
            case AHEAD -> "not given to it yet";
        };
    }

    private static ObjectNode json(EventFacts facts, Whereabouts where) {
        ObjectNode all = LetterJson.object();
        all.put("event_id", facts.event().value());
        all.put("place", where.place().code());
        all.put("text", where.text());
        all.put("next", where.next());
        all.put("tenant_id", facts.tenant());
        all.put("stream", facts.streamName());
        OutboxRow row = facts.row();
        all.put("row_status", row == null ? null : row.status());
        all.put("subject", row == null ? null : row.subject());
        all.put("created_at", text(row == null ? null : row.created()));
        all.put("published_at", text(row == null ? null : row.published()));
        Letter letter = facts.letter();
        all.set("letter", letter == null ? null : LetterJson.summary(letter));
        if (facts.stream() instanceof EventSearch.Result.Stored stored) {
            all.put("sequence", stored.sequence());
            all.put("stored_at", stored.at().toString());
            all.put("stored_subject", stored.subject());
            ArrayNode readers = all.putArray("consumers");
            stored.readers()
                    .forEach(reader -> readers.addObject()
                            .put("name", reader.name())
                            .put("progress", reader.progress().name().toLowerCase(Locale.ROOT)));
        } else if (facts.stream() instanceof EventSearch.Result.Absent absent) {
            all.put("searched", absent.read());
            all.put("search_bounded", absent.bounded());
        }
        ArrayNode lost = all.putArray("given_up_by");
        givenUp(facts.letters()).forEach(given -> lost.add(given.source()));
        return all;
    }

    private static @Nullable String text(@Nullable Instant time) {
        return time == null ? null : time.toString();
    }
}

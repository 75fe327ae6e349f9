package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.config.PendingMode;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.settle.BacklogDesk;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Counts rows that are pending, and has them published before what the slot brings. */
@Command(
        name = "backlog",
        description =
                "Has the relay publish pending rows that its slot does not hold, before anything new. It does so by"
                        + " itself with a slot that it has not read before; this is for when it cannot know.")
final class BacklogCommand implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, String> environment;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Option(names = "--dry-run", description = "Only counts, by table and tenant, and says what the relay would do.")
    private boolean dryRun;

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    BacklogCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws DatabaseException {
        DatabaseOptions.Access access = database.read(environment, spec.commandLine());
        List<TableMapping> tables = access.source().all();
        List<BacklogDesk.Pending> pending;
        BacklogDesk.Standing standing;
        try (BacklogDesk desk = BacklogDesk.open(new Database(access.postgres()))) {
            pending = desk.count(tables, access.postgres().publication());
            if (!dryRun) {
                desk.request("asked for by " + access.postgres().user());
            }
            standing = desk.standing();
        }
        PrintWriter out = spec.commandLine().getOut();
        List<String> unknown = tables.stream()
                .filter(table -> table.settle() == SettleMode.KEEP)
                .map(table -> table.name().toString())
                .toList();
        boolean ignored = access.source().backlog() == PendingMode.IGNORE;
        if (json) {
            out.println(json(pending, standing, unknown, ignored));
        } else {
            print(pending, standing, unknown, ignored, access.postgres().slot(), out);
        }
        out.flush();
        return ExitCode.FINE;
    }

    private static ObjectNode json(
            List<BacklogDesk.Pending> pending, BacklogDesk.Standing standing, List<String> unknown, boolean ignored) {
        ObjectNode all = JSON.createObjectNode();
        all.put("due", standing.due());
        all.put("ignored", ignored);
        all.put("state", standing.state());
        all.put("taken", standing.taken());
        all.put("found", standing.found());
        all.put("since", text(standing.since()));
        all.put("finished_at", text(standing.finished()));
        ArrayNode unknownTables = all.putArray("unknown_tables");
        unknown.forEach(unknownTables::add);
        ArrayNode rows = all.putArray("pending");
        for (BacklogDesk.Pending one : pending) {
            rows.addObject()
                    .put("table", one.table().toString())
                    .put("tenant", one.tenant())
                    .put("rows", one.rows())
                    .put("bytes", one.bytes())
                    .put("oldest", text(one.oldest()));
        }
        return all;
    }

    private static @Nullable String text(@Nullable Instant time) {
        return time == null ? null : time.toString();
    }

    private void print(
            List<BacklogDesk.Pending> pending,
            BacklogDesk.Standing standing,
            List<String> unknown,
            boolean ignored,
            String slot,
            PrintWriter out) {
        if (pending.isEmpty()) {
            out.println("No row is pending that is not waiting in outbox.dead_letter already.");
        } else {
            TextTable table = new TextTable("TABLE", "TENANT", "ROWS", "BYTES", "OLDEST");
            for (BacklogDesk.Pending one : pending) {
                table.add(
                        one.table().toString(),
                        Printable.of(one.tenant()),
                        Long.toString(one.rows()),
                        Long.toString(one.bytes()),
                        one.oldest() == null ? "-" : one.oldest().toString());
            }
            table.print(out);
        }
        unknown.forEach(table -> out.println("Rows of " + table
                + " do not show whether they were published (settle: keep): none of them is taken."));
        String due = standing.due();
        if (ignored) {
            out.println("outbox.source.backlog is ignore: a relay with this configuration takes none of them.");
        } else if (due == null) {
            out.println("Slot " + slot + " is the one that the relay had: what is pending is on its way through it."
                    + " Without --dry-run this command would have it taken from the table all the same.");
        } else if (dryRun) {
            out.println("The relay takes them when it next begins to read slot " + slot + ": " + due + ".");
        } else {
            out.println("Asked for: the leader takes them within seconds, or the next one when it begins."
                    + " outbox-relay backlog --dry-run shows how far it is.");
        }
        if (standing.since() != null && standing.state() != null) {
            out.println("State " + standing.state() + " since " + standing.since() + ": " + standing.taken()
                    + " rows taken, " + standing.found() + " of them were in their stream already.");
        }
    }
}

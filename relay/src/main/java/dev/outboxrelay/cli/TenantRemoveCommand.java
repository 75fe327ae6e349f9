package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.publish.NatsRefused;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.streams.StreamRemains;
import dev.outboxrelay.streams.TenantDesk;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Stops publishing a tenant, tells what is left of it, and deletes its stream only when told to. */
@Command(
        name = "remove",
        description = "Publishes nothing more of a tenant and tells what nobody has read yet; deletes its stream only"
                + " with --delete-stream. What still comes is parked, so nothing is lost by mistake.")
final class TenantRemoveCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Parameters(paramLabel = "TENANT", description = "The tenant id, as in outbox.message.")
    private String tenant = "";

    @Option(names = "--delete-stream", description = "Deletes the tenant's stream if everything in it has been read.")
    private boolean deleteStream;

    @Option(names = "--even-if-unread", description = "With --delete-stream: deletes it whatever is in it.")
    private boolean evenIfUnread;

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    TenantRemoveCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws Exception {
        if (evenIfUnread && !deleteStream) {
            throw new ParameterException(spec.commandLine(), "--even-if-unread belongs to --delete-stream");
        }
        DatabaseOptions.Access access = database.readWithNats(environment, spec.commandLine());
        Address address = Address.of(tenant, access.naming())
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "'" + Printable.of(tenant) + "' is no tenant id under outbox.naming, so it has no stream"));
        try (TenantDesk desk = TenantDesk.open(access.postgres());
                NatsLink nats = new NatsLink(access.nats(), new Quiet())) {
            open(nats);
            if (!new TenantWish(desk, spec.commandLine().getErr()).carryOut(tenant, true)) {
                return ExitCode.FAILED;
            }
            return report(desk.letters(tenant), nats, address);
        }
    }

    private static void open(NatsLink nats) throws IOException, InterruptedException, NatsRefused {
        nats.open();
    }

    private int report(TenantDesk.Letters letters, NatsLink nats, Address address)
            throws StreamRemains.Refused, DatabaseException {
        Optional<StreamRemains> remains = StreamRemains.look(nats.connection(), address);
        boolean mayDelete =
                remains.isPresent() && (evenIfUnread || !remains.get().isUnread());
        boolean deleted = deleteStream && mayDelete;
        if (deleted) {
            StreamRemains.delete(nats.connection(), address);
        }
        if (json) {
            spec.commandLine().getOut().println(json(letters, remains, address, deleted));
        } else {
            print(letters, remains, address, deleted);
        }
        spec.commandLine().getOut().flush();
        return deleteStream && remains.isPresent() && !deleted ? ExitCode.FAILED : ExitCode.FINE;
    }

    private void print(TenantDesk.Letters letters, Optional<StreamRemains> remains, Address address, boolean deleted) {
        PrintWriter out = spec.commandLine().getOut();
        out.println("tenant " + Printable.of(tenant) + " is paused: nothing more is published, what comes is parked");
        out.printf("outbox.dead_letter: %,d parked, %,d dead%n", letters.parked(), letters.dead());
        if (remains.isEmpty()) {
            out.println("stream " + address.stream() + ": there is none");
            return;
        }
        StreamRemains stream = remains.get();
        out.printf("stream %s: %,d messages, %,d bytes%n", address.stream(), stream.messages(), stream.bytes());
        for (StreamRemains.Reader reader : stream.readers()) {
            out.printf(
                    "  consumer %s: %,d unread, %,d given and not acknowledged%n",
                    Printable.of(reader.name()), reader.unread(), reader.unacknowledged());
        }
        if (stream.readers().isEmpty() && stream.messages() > 0) {
            out.println("  no consumer: nobody can tell what of it has been read");
        }
        if (deleted) {
            out.println("stream " + address.stream() + " is deleted");
        } else if (deleteStream) {
            spec.commandLine()
                    .getErr()
                    .println("Stream " + address.stream() + " is kept: something in it is unread. Wait for its"
                            + " consumers, or add --even-if-unread.");
            spec.commandLine().getErr().flush();
        } else {
            out.println("stream " + address.stream() + " is kept; --delete-stream deletes it");
        }
    }

    private ObjectNode json(
            TenantDesk.Letters letters, Optional<StreamRemains> remains, Address address, boolean deleted) {
        ObjectNode all = LetterJson.object();
        all.put("tenant_id", tenant);
        all.put("paused", true);
        all.put("parked", letters.parked());
        all.put("dead", letters.dead());
        all.put("stream", address.stream().value());
        all.put("exists", remains.isPresent() && !deleted);
        all.put("deleted", deleted);
        remains.ifPresent(stream -> {
            all.put("messages", stream.messages());
            all.put("bytes", stream.bytes());
            all.put("unread", stream.isUnread());
            ArrayNode consumers = all.putArray("consumers");
            for (StreamRemains.Reader reader : stream.readers()) {
                consumers
                        .addObject()
                        .put("name", reader.name())
                        .put("unread", reader.unread())
                        .put("unacknowledged", reader.unacknowledged());
            }
        });
        return all;
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

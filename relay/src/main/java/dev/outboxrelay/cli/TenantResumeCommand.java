package dev.outboxrelay.cli;

import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.streams.TenantDesk;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes {@code paused = false} into the tenant's row and waits for the relay. */
@Command(name = "resume", description = "Publishes a tenant again: what was parked first, in order.")
final class TenantResumeCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Parameters(paramLabel = "TENANT", description = "The tenant id, as in outbox.message.")
    private String tenant = "";

    @Spec
    private CommandSpec spec;

    TenantResumeCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws DatabaseException, InterruptedException {
        DatabaseOptions.Access access = database.read(environment, spec.commandLine());
        try (TenantDesk desk = TenantDesk.open(access.postgres())) {
            if (!new TenantWish(desk, spec.commandLine().getErr()).carryOut(tenant, false)) {
                return ExitCode.FAILED;
            }
            spec.commandLine()
                    .getOut()
                    .println("tenant " + Printable.of(tenant) + " goes on: what was parked is sent first");
            spec.commandLine().getOut().flush();
            return ExitCode.FINE;
        }
    }
}

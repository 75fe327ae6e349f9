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

/** Writes {@code paused = true} into the tenant's row and waits for the relay. */
@Command(
        name = "pause",
        description = "Publishes nothing more of a tenant; what comes is parked in outbox.dead_letter, in order.")
final class TenantPauseCommand implements Callable<Integer> {

    private final Map<String, String> environment;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Parameters(paramLabel = "TENANT", description = "The tenant id, as in outbox.message.")
    private String tenant = "";

    @Spec
    private CommandSpec spec;

    TenantPauseCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws DatabaseException, InterruptedException {
        DatabaseOptions.Access access = database.read(environment, spec.commandLine());
        try (TenantDesk desk = TenantDesk.open(access.postgres())) {
            if (!new TenantWish(desk, spec.commandLine().getErr()).carryOut(tenant, true)) {
                return ExitCode.FAILED;
            }
            spec.commandLine()
                    .getOut()
                    .println("tenant " + Printable.of(tenant)
                            + " is paused: what comes is parked until outbox-relay tenant resume");
            spec.commandLine().getOut().flush();
            return ExitCode.FINE;
        }
    }
}

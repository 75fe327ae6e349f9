package dev.outboxrelay.cli;

import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.streams.TenantDesk;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes {@code paused} into a tenant's row and waits for the relay. */
abstract class TenantSwitch implements Callable<Integer> {

    private final Map<String, String> environment;
    private final boolean paused;
    private final String done;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Parameters(paramLabel = "TENANT", description = "The tenant id, as in outbox.message.")
    private String tenant = "";

    @Spec
    private CommandSpec spec;

    /** @param done what is said of the tenant when the relay has heard of it */
    TenantSwitch(Map<String, String> environment, boolean paused, String done) {
        this.environment = environment;
        this.paused = paused;
        this.done = done;
    }

    @Override
    public Integer call() throws DatabaseException, InterruptedException {
        DatabaseOptions.Access access = database.read(environment, spec.commandLine());
        try (TenantDesk desk = TenantDesk.open(access.postgres())) {
            if (!new TenantWish(desk, spec.commandLine().getErr()).carryOut(tenant, paused)) {
                return ExitCode.FAILED;
            }
            spec.commandLine().getOut().println("tenant " + Printable.of(tenant) + ' ' + done);
            spec.commandLine().getOut().flush();
            return ExitCode.FINE;
        }
    }
}

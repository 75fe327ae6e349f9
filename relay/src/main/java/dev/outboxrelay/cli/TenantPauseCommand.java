package dev.outboxrelay.cli;

import java.util.Map;
import picocli.CommandLine.Command;

/** Pauses a tenant. */
@Command(
        name = "pause",
        description = "Publishes nothing more of a tenant; what comes is parked in outbox.dead_letter, in order.")
final class TenantPauseCommand extends TenantSwitch {

    TenantPauseCommand(Map<String, String> environment) {
        super(environment, true, "is paused: what comes is parked until outbox-relay tenant resume");
    }
}

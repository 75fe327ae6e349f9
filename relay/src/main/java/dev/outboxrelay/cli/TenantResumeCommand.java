package dev.outboxrelay.cli;

import java.util.Map;
import picocli.CommandLine.Command;

/** Lets a paused tenant go on. */
@Command(name = "resume", description = "Publishes a tenant again: what was parked first, in order.")
final class TenantResumeCommand extends TenantSwitch {

    TenantResumeCommand(Map<String, String> environment) {
        super(environment, false, "goes on: what was parked is sent first");
    }
}

package dev.outboxrelay.lab;

import dev.outboxrelay.testing.ProcessStatus;
import java.time.Duration;

/** {@code pg_recvlogical} into nothing. */
record ReceiveOnly() implements Contender {

    @Override
    public String key() {
        return "a";
    }

    @Override
    public String title() {
        return "(a) pg_recvlogical into nothing";
    }

    @Override
    public Measured drain(Servers servers, Load load) throws Exception {
        long self = ProcessHandle.current().pid();
        Usage.Meter meter = Usage.Meter.of(servers, self);
        Usage before = meter.now();
        Duration childrenBefore = ProcessStatus.cpuOfEndedChildren(self);
        double seconds = PgRecvlogical.receive(servers);
        Usage used = meter.now().minus(before);
        // the program has ended by now: what it used counts as its parent's
        Duration program = ProcessStatus.cpuOfEndedChildren(self).minus(childrenBefore);
        Usage shared = new Usage(used.postgres(), Duration.ZERO, program);
        return Measured.of(
                load.rows() / seconds, Double.NaN, shared, load.rows(), Measured.Sizes.UNKNOWN, Double.NaN, "");
    }
}

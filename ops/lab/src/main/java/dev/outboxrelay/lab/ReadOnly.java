package dev.outboxrelay.lab;

import java.time.Duration;
import java.util.List;

/**
 * The relay's source, which decodes each row as an event, and drops it.
 *
 * @param reader lean, or stock for the engine's own
 */
record ReadOnly(String reader) implements Contender {

    @Override
    public String key() {
        return "c-" + reader;
    }

    @Override
    public String title() {
        return "(c) " + (reader.equals("stock") ? "stock engine" : reader + " reader") + " into nothing";
    }

    @Override
    public Measured drain(Servers servers, Load load) throws Exception {
        Usage.Meter meter = Usage.Meter.of(servers, ProcessHandle.current().pid());
        Duration before = meter.now().postgres();
        Drained drained = SourceDrain.run(servers, load.rows(), reader, List.of());
        double postgres = meter.now().postgres().minus(before).toNanos() / 1_000.0 / load.rows();
        Measured.Sizes sizes = new Measured.Sizes(drained.peakMb(), 0, 0);
        return new Measured(drained.rate(), Double.NaN, postgres, 0, drained.cpuMicros(), sizes, Double.NaN, "");
    }
}

package dev.outboxrelay.demo;

import java.time.Duration;
import java.util.List;

/** Where the demo shows itself. One thread, except for {@link #warn}. */
interface Screen extends AutoCloseable {

    /** How often it wants to be updated. */
    Duration tick();

    /** One step of starting or ending, in words. */
    void say(String step);

    /** A warning of the relay. Any thread. */
    void warn(String line);

    /** Everything runs: where it is. */
    void open(Place place);

    /** The figures now. */
    void show(Duration elapsed, Figures figures, List<String> log);

    /** The last figures and what came of it all. */
    void finish(Figures figures, List<String> outcome, boolean good);

    /** Leaves the terminal as it was. Idempotent. */
    @Override
    void close();

    /** The one that fits the standard output. */
    static Screen here() throws InterruptedException {
        return Terminal.isAttached() ? new LiveScreen(Utf8.out()) : new PlainScreen(Utf8.out());
    }
}

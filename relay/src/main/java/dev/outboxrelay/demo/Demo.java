package dev.outboxrelay.demo;

import dev.outboxrelay.telemetry.BuildInfo;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.StreamState;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The demo as a whole: servers, relay and application up, figures until the time is over or somebody stops it, then
 * drained, compared and all gone.
 *
 * <p>{@link #run} blocks and leaves neither a process nor a folder, however it ends; {@link #stop} may be called from
 * any thread.
 */
public final class Demo {

    private static final Duration RELAY_DEADLINE = Duration.ofSeconds(30);
    private static final Duration DRAIN_DEADLINE = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(100);

    private final DemoOptions options;
    private final BuildInfo build;
    private final PrintWriter err;
    private final StopSignal stop = new StopSignal();
    private final StopSignal never = new StopSignal();

    public Demo(DemoOptions options, BuildInfo build, PrintWriter err) {
        this.options = options;
        this.build = build;
        this.err = err;
    }

    /** Asks it to end. Returns at once. */
    public void stop() {
        stop.request();
    }

    /** Runs it; true when outbox and streams were equal at the end, or when it was stopped before it had begun. */
    public boolean run() throws InterruptedException {
        try (Screen screen = Screen.here()) {
            Binaries binaries = new Binaries(natsProgram(), PostgresArchive.find());
            DemoFolder folder = DemoFolder.create();
            try (Watchdog watchdog = Watchdog.start(folder.path());
                    folder) {
                return inFolder(folder.path(), binaries, watchdog, screen);
            } catch (StopRequested e) {
                screen.say("stopped while starting: nothing to compare yet, and nothing is left behind");
                return true;
            }
        } catch (DemoFailed e) {
            err.println("outbox-relay demo: " + e.getMessage());
            err.flush();
            return false;
        }
    }

    private Path natsProgram() throws DemoFailed {
        Optional<Path> program = options.natsServer().map(Path::toAbsolutePath).or(() -> Programs.find("nats-server"));
        return program.filter(Files::isExecutable)
                .orElseThrow(() -> new DemoFailed("there is no nats-server"
                        + program.map(path -> " at " + path).orElse(" on the PATH")
                        + ". Name one with --nats-server PATH, or run ops/demo in the repository, which fetches one"));
    }

    private boolean inFolder(Path folder, Binaries binaries, Watchdog watchdog, Screen screen)
            throws DemoFailed, StopRequested, InterruptedException {
        RelayLog log = RelayLog.takeOver(screen::warn);
        try (DemoServers servers = DemoServers.start(binaries, folder, watchdog, stop, screen)) {
            screen.say("starting the relay");
            try (RelayInside relay = RelayInside.start(servers.shop().relay(), servers.natsUrl(), build)) {
                StreamWatch streams = new StreamWatch(servers.nats());
                screen.open(servers.place(awaitRelay(relay, servers)));
                OrderService app = new OrderService(servers.shop().app(), options.rate(), new SplittableRandom());
                Gauges gauges = new Gauges(app, relay, streams);
                try (app) {
                    app.start();
                    follow(gauges, screen, log, () -> failure(servers, relay, app));
                }
                screen.say("writers stopped, draining");
                drain(gauges, () -> failure(servers, relay, app));
                Figures last = gauges.ofTheRun();
                relay.stop();
                fail(relay.failure());
                return finish(servers, last, screen);
            }
        }
    }

    private String awaitRelay(RelayInside relay, DemoServers servers)
            throws DemoFailed, StopRequested, InterruptedException {
        long start = System.nanoTime();
        while (relay.adminUrl().isEmpty() || !relay.isStreaming()) {
            stop.check();
            fail(servers.crash().or(relay::failure));
            if (System.nanoTime() - start > RELAY_DEADLINE.toNanos()) {
                throw new DemoFailed("the relay does not stream after " + RELAY_DEADLINE.toSeconds() + " s");
            }
            boolean unused = stop.await(POLL);
        }
        return relay.adminUrl().orElseThrow();
    }

    /** What ended by itself, if anything did. */
    @FunctionalInterface
    private interface Check {
        Optional<String> failure();
    }

    private static Optional<String> failure(DemoServers servers, RelayInside relay, OrderService app) {
        return servers.crash().or(relay::failure).or(app::failure);
    }

    private void follow(Gauges gauges, Screen screen, RelayLog log, Check check)
            throws DemoFailed, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            fail(check.failure());
            Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
            screen.show(elapsed, gauges.now(), log.lastLines());
            Duration left = options.time().map(time -> time.minus(elapsed)).orElse(screen.tick());
            if (left.isNegative() || left.isZero()) {
                return;
            }
            if (stop.await(left.compareTo(screen.tick()) < 0 ? left : screen.tick())) {
                return;
            }
        }
    }

    /** Waits until everything committed is in its stream and acknowledged; what then is missing the comparison says. */
    private void drain(Gauges gauges, Check check) throws DemoFailed, InterruptedException {
        long start = System.nanoTime();
        Figures.Line total = gauges.now().total();
        while (total.inStream() < total.inserted() || total.published() < total.inserted()) {
            fail(check.failure());
            if (System.nanoTime() - start > DRAIN_DEADLINE.toNanos()) {
                return;
            }
            boolean unused = never.await(POLL);
            total = gauges.now().total();
        }
    }

    private boolean finish(DemoServers servers, Figures last, Screen screen) throws DemoFailed {
        if (options.plantDifference()) {
            plant(servers);
        }
        screen.say("drained, comparing outbox and streams id by id");
        Outcome outcome = Outcome.of(new Comparison(servers.shop().operator(), servers.nats()).run());
        screen.finish(last, outcome.lines(), outcome.good());
        return outcome.good();
    }

    private static void plant(DemoServers servers) throws DemoFailed {
        String stream = SampleTenant.ALL.get(0).stream();
        try {
            StreamState state =
                    servers.nats().jetStreamManagement().getStreamInfo(stream).getStreamState();
            servers.nats()
                    .jetStreamManagement()
                    .deleteMessage(stream, (state.getFirstSequence() + state.getLastSequence()) / 2);
        } catch (IOException | JetStreamApiException e) {
            throw new DemoFailed("cannot plant a difference in " + stream, e);
        }
    }

    private static void fail(Optional<String> failure) throws DemoFailed {
        if (failure.isPresent()) {
            throw new DemoFailed(failure.get());
        }
    }
}

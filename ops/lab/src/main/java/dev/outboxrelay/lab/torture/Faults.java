package dev.outboxrelay.lab.torture;

import dev.outboxrelay.lab.HandedOver;
import dev.outboxrelay.lab.torture.Fault.Target;
import dev.outboxrelay.testing.TcpProxy;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the steps of a plan, one after the other.
 *
 * <p>Longer than most classes here because each kind of fault has its few lines in it.
 */
final class Faults {

    /**
     * After so many steps everything that was committed gets the time to be confirmed. A relay that is killed each time
     * shortly after its first publish may never get that far: it reads more again at each start.
     */
    private static final int BREATH = 8;

    private static final Duration SLOW = Duration.ofMillis(50);
    private static final Duration FLICKER = Duration.ofMillis(40);
    private static final Duration END_PATIENCE = Duration.ofSeconds(30);

    private final Stage stage;
    private final Report report;
    private final @Nullable StreamFaults streams;

    /** @param streams null when the plan has nothing for streams */
    Faults(Stage stage, Report report, @Nullable StreamFaults streams) {
        this.stage = stage;
        this.report = report;
        this.streams = streams;
    }

    /** Does everything in the plan; throws {@link Stage.Stalled} when something does not come back. */
    void run(Plan plan) throws InterruptedException, SQLException {
        int number = 0;
        for (Step step : plan.steps()) {
            number++;
            if (streams != null && step.stream().isPresent()) {
                streams.begin("#" + number + " ", step.stream().orElseThrow());
            }
            run("#" + number + " ", step);
            stage.awaitHealth(report);
            TimeUnit.MILLISECONDS.sleep(step.calm().toMillis());
            if (number % BREATH == 0) {
                report.line("caught up after "
                        + String.format(Locale.ROOT, "%.2f s", Report.seconds(stage.awaitConfirmed())));
            }
        }
        if (streams != null) {
            streams.finish();
        }
    }

    private void run(String number, Step step) throws InterruptedException {
        step.relay().ifPresent(report::faulted);
        step.server().ifPresent(report::faulted);
        boolean alone = step.server().isEmpty();
        CompletableFuture<Void> beside = alone
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.runAsync(() -> server(number, step.server().orElseThrow()));
        try {
            if (step.relay().isPresent()) {
                if (!alone) {
                    TimeUnit.MILLISECONDS.sleep(step.apart().toMillis());
                }
                relay(number, step.relay().orElseThrow(), alone);
            }
        } finally {
            boolean unused =
                    beside.handle((done, e) -> e == null).join(); // servers are whole again, whatever came of it
        }
        try {
            beside.join();
        } catch (CompletionException e) {
            throw new IllegalStateException("a fault could not be carried out", e.getCause());
        }
    }

    private void relay(String number, Fault.OfRelay fault, boolean alone) throws InterruptedException {
        if (fault instanceof Fault.KillRelay kill) {
            kill(number, kill, alone);
        } else if (fault instanceof Fault.FreezeRelay freeze) {
            freeze(number, freeze);
        } else if (fault instanceof Fault.EndLeader end) {
            Instance leader = stage.leaderOrLast();
            report.line(number + end.text() + " (" + leader.name() + ")");
            int exit = leader.terminate(END_PATIENCE);
            if (exit != 0) {
                report.violation(new Violation(
                        Violation.Kind.RELAY_ENDED, "relay " + leader.name(), "exit code " + exit + " after SIGTERM"));
            }
            TimeUnit.MILLISECONDS.sleep(end.down().toMillis());
            leader.start();
        }
    }

    private void kill(String number, Fault.KillRelay fault, boolean alone) throws InterruptedException {
        Instance leader = stage.leaderOrLast();
        List<Instance> others =
                stage.relays().stream().filter(relay -> relay != leader).toList();
        if (fault.target() == Target.STANDBY) {
            report.line(number + fault.text() + " (" + others.get(0).name() + ")");
            others.get(0).kill();
            back(others.get(0), fault.down());
            return;
        }
        if (fault.target() == Target.BOTH || others.isEmpty()) {
            leader.kill();
            for (Instance other : others) {
                other.kill();
            }
            TimeUnit.MILLISECONDS.sleep(fault.down().toMillis());
            stage.relays().forEach(Instance::start);
            restarted(number, fault, alone);
            return;
        }
        Map<Instance, Double> before = published();
        long killed = System.nanoTime();
        leader.kill();
        before.put(leader, 0.0); // should its next process be the one that leads: PostgreSQL may be away for longer
        String what = number + fault.text() + " (" + leader.name() + ")";
        TakeOver.Kind kind = alone ? TakeOver.Kind.ALONE : TakeOver.Kind.DISTURBED;
        if (fault.target() == Target.LEADER) {
            CompletableFuture<Void> back = CompletableFuture.runAsync(() -> back(leader, fault.down()));
            Instance unused = tookOver(what, before, killed, kind);
            back.join();
            return;
        }
        tookOver(what, before, killed, kind).kill();
        TimeUnit.MILLISECONDS.sleep(fault.down().toMillis());
        stage.relays().forEach(Instance::start);
        restarted(number, fault, alone);
    }

    private Map<Instance, Double> published() {
        Map<Instance, Double> published = new HashMap<>();
        stage.relays().forEach(relay -> published.put(relay, stage.publishedBy(relay)));
        return published;
    }

    private static void back(Instance relay, Duration down) {
        try {
            TimeUnit.MILLISECONDS.sleep(down.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        relay.start();
    }

    /** Waits until one of these leads and publishes, measures it, and says who it is. */
    private Instance tookOver(String what, Map<Instance, Double> before, long since, TakeOver.Kind kind) {
        Instance successor = stage.await("one relay leads", () -> {
            stage.revive(report);
            return stage.leaderAmong(before.keySet()).orElse(null);
        });
        Duration leads = Duration.ofNanos(System.nanoTime() - since);
        stage.awaitMore(successor, before.getOrDefault(successor, 0.0));
        TakeOver takeOver = new TakeOver(kind, leads, Duration.ofNanos(System.nanoTime() - since));
        report.takeOver(takeOver);
        report.line(what
                + String.format(
                        Locale.ROOT,
                        "; %s leads after %.2f s, its first PubAck after %.2f s",
                        successor.name(),
                        Report.seconds(leads),
                        Report.seconds(takeOver.acknowledged())));
        return successor;
    }

    private void restarted(String number, Fault.KillRelay fault, boolean alone) {
        long started = System.nanoTime();
        Instance leader = stage.await("one relay leads", () -> {
            stage.revive(report);
            return stage.leader().orElse(null);
        });
        Duration leads = Duration.ofNanos(System.nanoTime() - started);
        stage.awaitMore(leader, 0);
        TakeOver takeOver = new TakeOver(
                alone ? TakeOver.Kind.RESTART : TakeOver.Kind.RESTART_DISTURBED,
                leads,
                Duration.ofNanos(System.nanoTime() - started));
        report.takeOver(takeOver);
        report.line(number
                + fault.text()
                + String.format(
                        Locale.ROOT,
                        "; %s leads %.2f s after its start, its first PubAck after %.2f s",
                        leader.name(),
                        Report.seconds(leads),
                        Report.seconds(takeOver.acknowledged())));
    }

    private void freeze(String number, Fault.FreezeRelay fault) throws InterruptedException {
        Instance leader = stage.leaderOrLast();
        List<Instance> others =
                stage.relays().stream().filter(relay -> relay != leader).toList();
        List<Instance> frozen = new ArrayList<>();
        if (fault.target() != Target.STANDBY) {
            frozen.add(leader);
        }
        if (fault.target() != Target.LEADER) {
            frozen.addAll(others);
        }
        String names = String.join(", ", frozen.stream().map(Instance::name).toList());
        String what = number + fault.text() + " (" + names + ")";
        boolean leaderAlone = fault.target() == Target.LEADER && !others.isEmpty();
        Map<Instance, Double> before = published();
        frozen.forEach(before::remove);
        long since = System.nanoTime();
        frozen.forEach(Instance::freeze);
        boolean tookOver = false;
        while (System.nanoTime() - since < fault.length().toNanos()) {
            TimeUnit.MILLISECONDS.sleep(20);
            if (leaderAlone && !tookOver && others.get(0).leads()) {
                Instance unused = tookOver(what, before, since, TakeOver.Kind.FROZEN);
                tookOver = true;
            }
        }
        frozen.forEach(Instance::thaw);
        if (!tookOver) {
            report.line(what);
        }
    }

    private void server(String number, Fault.OfServer fault) {
        if (fault instanceof Fault.Link || fault instanceof Fault.Flicker) {
            carryOut(number, fault); // the servers themselves are there
            return;
        }
        stage.servers().lock();
        try {
            carryOut(number, fault);
        } finally {
            stage.servers().unlock();
        }
    }

    private void carryOut(String number, Fault.OfServer fault) {
        report.line(number + fault.text());
        try {
            if (fault instanceof Fault.KillPostgres kill) {
                stage.postgres().kill();
                sleep(kill.down());
                stage.postgres().restart();
            } else if (fault instanceof Fault.FreezePostgres freeze) {
                stage.postgres().pause();
                sleep(freeze.length());
                stage.postgres().resume();
            } else if (fault instanceof Fault.KillNats kill) {
                kill.nodes().forEach(node -> nats().node(node).kill());
                sleep(kill.down());
                kill.nodes().forEach(node -> nats().node(node).restart());
            } else if (fault instanceof Fault.StopNats stop) {
                nats().node(stop.node()).stop();
                sleep(stop.down());
                nats().node(stop.node()).restart();
            } else if (fault instanceof Fault.FreezeNats freeze) {
                freeze.nodes().forEach(node -> nats().node(node).pause());
                sleep(freeze.length());
                freeze.nodes().forEach(node -> nats().node(node).resume());
            } else if (fault instanceof Fault.Link link) {
                link(link);
            } else if (fault instanceof Fault.Flicker flicker) {
                flicker(flicker);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void link(Fault.Link fault) throws InterruptedException {
        Instance leader = stage.leaderOrLast();
        List<TcpProxy> proxies = fault.end() == Fault.End.POSTGRES ? List.of(leader.postgres()) : leader.nats();
        proxies.forEach(proxy -> {
            switch (fault.weather()) {
                case SEVERED -> proxy.sever();
                case SILENT -> proxy.cut();
                case SLOW -> proxy.slow(SLOW);
            }
        });
        sleep(fault.length());
        leader.heal();
    }

    /** On slow connections many messages are on their way whenever a stream loses or regains its subjects. */
    private void flicker(Fault.Flicker fault) throws IOException, InterruptedException {
        Instance leader = stage.leaderOrLast();
        leader.nats().forEach(proxy -> proxy.slow(SLOW));
        long until = System.nanoTime() + fault.length().toNanos();
        try {
            JetStreamManagement management = nats().connection().jetStreamManagement();
            while (System.nanoTime() < until) {
                List<StreamConfiguration> all = management.getStreams().stream()
                        .map(StreamInfo::getConfiguration)
                        .toList();
                for (StreamConfiguration one : all) {
                    var unused = management.updateStream(HandedOver.builder(one)
                            .subjects("elsewhere." + one.getName())
                            .build());
                }
                sleep(FLICKER);
                for (StreamConfiguration one : all) {
                    var unused = management.updateStream(one);
                }
                sleep(FLICKER);
            }
        } catch (JetStreamApiException e) {
            throw new IOException(e);
        } finally {
            leader.heal();
        }
    }

    private TestNats nats() {
        return stage.nats();
    }

    private static void sleep(Duration duration) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(duration.toMillis());
    }
}

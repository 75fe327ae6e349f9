package dev.outboxrelay;

import dev.outboxrelay.admin.AdminBindException;
import dev.outboxrelay.admin.AdminServer;
import dev.outboxrelay.admin.Health;
import dev.outboxrelay.admin.HealthFacts;
import dev.outboxrelay.admin.MetricsPage;
import dev.outboxrelay.admin.RelayStatus;
import dev.outboxrelay.admin.Role;
import dev.outboxrelay.admin.SlotStatus;
import dev.outboxrelay.admin.TenantStatus;
import dev.outboxrelay.admin.Totals;
import dev.outboxrelay.config.OnRefusal;
import dev.outboxrelay.config.PendingMode;
import dev.outboxrelay.config.Provision;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TracingSettings;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.ha.LeaderLock;
import dev.outboxrelay.ha.Lease;
import dev.outboxrelay.ha.NatsPatience;
import dev.outboxrelay.lag.DeadLetterCounts;
import dev.outboxrelay.lag.LagWatch;
import dev.outboxrelay.policy.PolicyBook;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.publish.JetStreamPublisher;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.publish.NatsRefused;
import dev.outboxrelay.route.CloudEvents;
import dev.outboxrelay.rule.RouteBook;
import dev.outboxrelay.settle.SlotMemory;
import dev.outboxrelay.slot.Finding;
import dev.outboxrelay.slot.SlotControl;
import dev.outboxrelay.slot.SlotMonitor;
import dev.outboxrelay.slot.SlotState;
import dev.outboxrelay.spill.SpillSpace;
import dev.outboxrelay.streams.ConsumerProvisioner;
import dev.outboxrelay.streams.JetStreamChecks;
import dev.outboxrelay.streams.StoredIds;
import dev.outboxrelay.streams.StreamAttacher;
import dev.outboxrelay.telemetry.BuildInfo;
import dev.outboxrelay.telemetry.Meters;
import dev.outboxrelay.tracing.Outcome;
import dev.outboxrelay.tracing.Spans;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay as a whole: brings both ends up, runs sessions one after the other, and stops in reverse.
 *
 * <p>What is wrong with the configuration of either end before the first session is thrown as {@link CannotStart},
 * unless the settings ask to wait; what goes wrong later, and an end that is away at any time, is waited for.
 *
 * <p>{@link #run()} blocks; everything else may be called from any thread. Longer than most classes here because it is
 * the one place that knows all of it.
 */
public final class Relay {

    private static final Logger log = LoggerFactory.getLogger(Relay.class);
    private static final Duration DRAIN = Duration.ofSeconds(10);
    private static final Duration WEDGED_AFTER = Duration.ofSeconds(60);
    private static final long FIRST_PAUSE_MILLIS = 200;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;
    private static final long STANDBY_PAUSE_MILLIS = 1_000;
    private static final long CONFIRM_MILLIS = 1_000;
    private static final int LEADER_EVERY_TRIES = 10;

    /** A session of a leader that is gone lasts no longer: somebody led for all that time. */
    private static final Duration STOOD_BY = Duration.ofSeconds(Lease.SESSION_SECONDS);

    /** Those that stand by ask for the lock more often. */
    private static final long GIVE_WAY_MILLIS = 2_000;

    private final Settings settings;
    private final BuildInfo build;
    private final InstantSource clock;
    private final Meters meters;
    private final Database database;
    private final String instance;
    private final LeaderLock lock;
    private final PolicyBook policies;
    private final AdminServer admin;
    private final EndState sourceEnd;
    private final EndState natsEnd;
    private final WalBudget walBudget;
    private final Lookout lookout;
    private final RouteBook routes;
    private final CloudEvents cloudEvents;
    private final CountDownLatch stopRequested = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Object linkLock = new Object();
    private volatile Session.Link link = new Session.Link(0, false, 0);
    private volatile @Nullable Session session;
    private volatile @Nullable SlotState slot;
    private volatile RelayStatus.@Nullable Leader leader;
    private volatile Role role = Role.STARTING;
    private volatile Instant roleSince;
    private volatile Instant heartbeat;
    private final TestBreak broken = TestBreak.fromSystemProperty();
    private volatile Lease lease = new Lease(0, new ServerIdentity(0, 0), 0);
    private volatile boolean leads;
    private @Nullable SpillSpace spill;
    private @Nullable Spans spans;
    private boolean everStreamed;
    private boolean everLetIn;
    private boolean stoodBy;
    private long greatestTerm;
    private final NatsPatience natsPatience = new NatsPatience();
    private boolean gaveWay;
    private boolean linked;
    private boolean publicationGap;
    private int inVain;
    private Optional<Lsn> lastConfirmed = Optional.empty();
    private String lastSaid = "";
    private String policyGap = "";

    public Relay(Settings settings, BuildInfo build, InstantSource clock) {
        this.settings = settings;
        this.build = build;
        this.clock = clock;
        this.meters = new Meters(settings.admin().maxTenantLabels(), build, clock);
        this.database = new Database(settings.postgres());
        this.instance = instanceName();
        this.lock = new LeaderLock(
                database, settings.postgres().slot(), instance, settings.lanes().paused());
        this.policies = new PolicyBook(settings);
        this.sourceEnd = new EndState(clock);
        this.natsEnd = new EndState(clock);
        this.walBudget = new WalBudget(settings.postgres().walBudget());
        this.lookout = new Lookout(settings, meters, clock);
        this.routes = new RouteBook(settings.routes());
        this.cloudEvents = CloudEvents.of(settings.events());
        meters.walBudget(settings.postgres().walBudget());
        this.roleSince = clock.instant();
        this.heartbeat = clock.instant();
        this.admin = new AdminServer(
                settings.admin().host(),
                settings.admin().port(),
                settings.admin().access(),
                this::health,
                this::status,
                new Metrics(),
                new AdminLetters(settings));
    }

    /**
     * Runs until {@link #stop()} is called.
     *
     * @throws CannotStart when something has to be mended before the relay can work
     */
    public void run() throws CannotStart, InterruptedException {
        try {
            List<String> wrong = SecretCheck.problems(settings);
            if (!wrong.isEmpty()) {
                throw new CannotStart(wrong);
            }
            SecretCheck.warnings(settings).forEach(log::warn);
            admin.start();
            spill = openSpill();
            spans = openSpans();
            log.atInfo()
                    .addKeyValue("version", build.version())
                    .addKeyValue("admin", settings.admin().host() + ":" + admin.port())
                    .addKeyValue("postgres", settings.postgres().shownUrl())
                    .addKeyValue("nats", settings.nats().shownUrls())
                    .log("outbox relay starting");
            if (broken != TestBreak.NONE) {
                log.error("a protection is switched off for a test: {}", broken);
            }
            while (!isStopping()) {
                Optional<Lease> elected = awaitLeadership();
                if (elected.isPresent()) {
                    lead(elected.get());
                }
                if (gaveWay) {
                    gaveWay = false;
                    long unused = pause(GIVE_WAY_MILLIS);
                }
            }
        } catch (AdminBindException e) {
            throw new CannotStart(List.of(String.valueOf(e.getMessage())));
        } finally {
            lock.close();
            admin.close();
            if (spans != null) {
                spans.close(); // behind the lock: whoever leads next need not wait for a collector
            }
            stopped.countDown();
        }
    }

    private @Nullable SpillSpace openSpill() throws CannotStart {
        Path directory = settings.lanes().spillDirectory();
        if (directory == null) {
            return null;
        }
        try {
            SpillSpace space = SpillSpace.open(directory, settings.lanes().spillMaxBytes());
            meters.spilled(space::used, settings.lanes().spillMaxBytes());
            return space;
        } catch (IOException e) {
            throw new CannotStart(
                    List.of("outbox.lanes.spill-directory: nothing can be written into " + directory + " ("
                            + e + "). Make it a directory that this user may write into, on a disk with "
                            + settings.lanes().spillMaxBytes() + " bytes to spare, or leave the setting out:"
                            + " then bursts are parked in outbox.dead_letter."));
        }
    }

    private @Nullable Spans openSpans() {
        TracingSettings tracing = settings.tracing();
        if (tracing == null) {
            return null;
        }
        for (Outcome outcome : Outcome.values()) {
            meters.spans(outcome.word(), 0);
        }
        return Spans.open(tracing, build.version(), instance, (outcome, spans) -> meters.spans(outcome.word(), spans));
    }

    /** Asks the relay to take nothing more, drain what is in flight, and end. Returns at once. */
    public void stop() {
        stopRequested.countDown();
    }

    /** Waits until {@link #run()} has ended; false when the time is over first. */
    public boolean awaitStopped(Duration timeout) throws InterruptedException {
        return stopped.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The admin server's port, for those who asked for any. */
    public int adminPort() {
        return admin.port();
    }

    /** Waits as a standby until this instance leads; empty when it is to stop first. */
    private Optional<Lease> awaitLeadership() throws CannotStart, InterruptedException {
        long pause = FIRST_PAUSE_MILLIS;
        for (int tries = 0; !isStopping(); tries++) {
            heartbeat = clock.instant();
            try {
                Optional<Lease> elected = lock.tryLead(greatestTerm, System::nanoTime);
                everLetIn = true;
                if (elected.isPresent()) {
                    stoodBy |= role == Role.STANDBY
                            && Duration.between(roleSince, clock.instant()).compareTo(STOOD_BY) >= 0;
                    return elected;
                }
                if (tries % LEADER_EVERY_TRIES == 0) {
                    leader = lock.leader()
                            .map(known -> new RelayStatus.Leader(known.instance(), known.since()))
                            .orElse(null);
                }
                become(Role.STANDBY);
                sourceEnd.up();
                say("another instance leads slot " + settings.postgres().slot() + ": standing by");
                pause = FIRST_PAUSE_MILLIS;
            } catch (DatabaseException e) {
                leader = null;
                databaseAway(e);
                // a server that refuses fifty sidecars should not have to do it fifty times a second
                pause = Math.min(pause * 2, e.isConfiguration() ? LONGEST_PAUSE_MILLIS : STANDBY_PAUSE_MILLIS);
            }
            boolean unused = stopRequested.await(pause, TimeUnit.MILLISECONDS);
        }
        return Optional.empty();
    }

    /** Leads until the leadership is lost or the relay is to stop. */
    private void lead(Lease elected) throws CannotStart, InterruptedException {
        lease = elected;
        leads = true;
        leader = new RelayStatus.Leader(instance, clock.instant());
        meters.leader(true);
        become(Role.STARTING);
        lastSaid = "";
        log.atInfo()
                .addKeyValue("slot", settings.postgres().slot())
                .addKeyValue("term", elected.term())
                .log("this instance leads");
        Thread confirming = new Thread(this::keepConfirming, "outbox-leader");
        confirming.setDaemon(true);
        confirming.start();
        NatsLink nats = new NatsLink(settings.nats(), new LinkListener());
        try (SlotMonitor slotMonitor = new SlotMonitor(database, settings, new SlotListener())) {
            slotMonitor.start(); // the WAL is the buffer while NATS is away: somebody has to see how much is kept
            while (leads && !isStopping() && openNats(nats)) {
                try {
                    work(nats, elected);
                } catch (IllegalStateException e) {
                    if (!nats.isOver()) {
                        throw e;
                    }
                    say("NATS: " + e.getMessage());
                }
                lookout.end();
                nats.close(); // lost for good, or not wanted any more
            }
        } catch (IOException e) {
            say("NATS: " + e.getMessage());
        } finally {
            leads = false;
            leader = null;
            meters.leader(false);
            lookout.end();
            nats.close();
            linkChanged(false, 0);
            natsEnd.down(null);
            confirming.interrupt();
            confirming.join();
            lock.close();
        }
    }

    /** Works with one connection to NATS until it is lost for good, or the leadership is. */
    private void work(NatsLink nats, Lease elected) throws CannotStart, IOException, InterruptedException {
        try (StreamAttacher attacher =
                        new StreamAttacher(nats.connection(), settings.streams(), policies::of, meters::streamCreated);
                JetStreamPublisher publisher =
                        new JetStreamPublisher(nats.connection(), cloudEvents, broken != TestBreak.CHAIN);
                ConsumerProvisioner consumers = new ConsumerProvisioner(
                        nats.connection(),
                        this::isTrusted,
                        tenant -> policies.of(tenant).provision() == Provision.MANAGE);
                ConsumerLetters consumerLetters = consumerLetters(nats, elected);
                LagWatch lagWatch = new LagWatch(
                        nats.connection(),
                        settings.admin().lagInterval(),
                        clock,
                        this::isTrusted,
                        lookout,
                        consumerLetters.reader());
                DeadLetterCounts deadLetters = new DeadLetterCounts(
                        database, settings.postgres().slot(), settings.admin().lagInterval(), this::isTrusted)) {
            lookout.begin(consumers, deadLetters, attacher::findings);
            lagWatch.start();
            deadLetters.start();
            runSessions(
                    nats,
                    new Session.Edges(
                            settings,
                            database,
                            publisher,
                            attacher,
                            policies,
                            lookout,
                            routes,
                            cloudEvents,
                            meters,
                            spans,
                            spill,
                            clock,
                            broken));
        }
    }

    private ConsumerLetters consumerLetters(NatsLink nats, Lease elected) throws IOException {
        if (!settings.deadLetter().consumers()) {
            return ConsumerLetters.none();
        }
        TermGuard guard = new TermGuard(settings.postgres().slot(), elected.term(), elected.server());
        return ConsumerLetters.begin(nats, database, guard, this::lost);
    }

    /** Whether this instance leads, as far as anybody can know. Any thread. */
    private boolean isTrusted() {
        return leads && lease.isTrusted(System.nanoTime());
    }

    /** Asks again and again whether this instance still leads; the answer is good for a bounded time. */
    private void keepConfirming() {
        try {
            while (leads) {
                TimeUnit.MILLISECONDS.sleep(CONFIRM_MILLIS);
                long asked = System.nanoTime();
                Optional<Lease> confirmed = lock.confirm(lease, asked);
                if (confirmed.isEmpty()) {
                    lost("another instance leads now");
                    return;
                }
                lease = confirmed.get();
            }
        } catch (DatabaseException e) {
            lost(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            log.debug("no longer confirming the leadership");
        }
    }

    /** Leads no longer. Any thread; what is said first counts. */
    private synchronized void lost(String why) {
        Session running = session;
        if (running != null) {
            running.end(new SessionEnd.LeadershipLost(why));
        }
        if (leads) {
            leads = false;
            meters.leader(false);
            log.atWarn().addKeyValue("reason", why).log("leadership lost: stepping down");
        }
    }

    /** Says so at once if a session ended because the leadership did: closing it may take a while. */
    private void steppedDown(SessionEnd end) {
        if (end instanceof SessionEnd.LeadershipLost lost) {
            lost(lost.reason());
        } else if (end instanceof SessionEnd.Outranked outranked) {
            greatestTerm = Math.max(greatestTerm, outranked.term());
            lost(outranked.reason());
        }
    }

    /** Whether what only a person can mend ends the process: not once it has worked, for then it may be mended soon. */
    private boolean endsWhenRefused() {
        return !everStreamed && settings.ha().onRefusal() == OnRefusal.EXIT;
    }

    /** One that stood by leads, it may be, because NATS is out of order for everybody: that must not end it. */
    private boolean endsWhenNatsRefuses() {
        return endsWhenRefused() && !stoodBy;
    }

    private void databaseAway(DatabaseException e) throws CannotStart {
        String where = "PostgreSQL at " + settings.postgres().shownUrl();
        String why = String.valueOf(e.getMessage());
        // a password that worked before is being changed
        boolean changing = everLetIn && e.isLogin();
        if (e.isConfiguration() && endsWhenRefused() && !changing) {
            checkSettings(); // says more where it can: everything that is wrong, each with what mends it
            if (e.getMessage() != null && e.getMessage().contains("mend: ")) {
                throw new CannotStart(List.of(e.getMessage())); // says all that there is to say
            }
            throw new CannotStart(
                    List.of(where + " refuses user " + settings.postgres().user() + ": " + e.getMessage()
                            + "\n    mend: check outbox.postgres.url, .user and .password, pg_hba.conf, and that"
                            + " schema/V1__outbox.sql is installed"));
        }
        if (e.isLogin() && !why.contains("mend: ")) {
            why += "\n    mend: " + PasswordRemedy.of(settings.postgres().login());
        }
        sourceEnd.down(oneLine(where + ": " + why));
        say(where + " cannot be used, waiting: " + why);
    }

    private void checkSettings() throws CannotStart {
        try (SlotControl control = SlotControl.open(database)) {
            mayStart(control.check(settings));
        } catch (DatabaseException e) {
            log.atDebug().addKeyValue("error", e.getMessage()).log("the database cannot be checked");
        }
    }

    private boolean openNats(NatsLink nats) throws CannotStart, InterruptedException {
        long pause = FIRST_PAUSE_MILLIS;
        natsPatience.begin(System.nanoTime());
        while (!isStopping() && leads) {
            heartbeat = clock.instant();
            long begin = System.nanoTime();
            try {
                nats.open();
                if (checkJetStream(nats)) {
                    natsPatience.connected();
                    linked = true;
                    return true;
                }
                nats.close();
                linkChanged(false, 0);
            } catch (NatsRefused e) {
                if (endsWhenNatsRefuses()) {
                    throw new CannotStart(List.of(String.valueOf(e.getMessage())));
                }
                natsAway(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                natsAway("NATS at " + settings.nats().shownUrls() + " cannot be reached: " + e.getMessage());
            }
            // the library takes seconds to see that it is refused: that was pause enough
            long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            long unused = pause(Math.max(FIRST_PAUSE_MILLIS, pause - took));
            pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
            giveWay();
        }
        return false;
    }

    /** It may be this instance alone that cannot use NATS: its secret, its network. Another one may try then. */
    private void giveWay() {
        long now = System.nanoTime();
        if (isStopping() || !leads || !natsPatience.isOver(now)) {
            return;
        }
        if (lock.hasCompany()) {
            natsPatience.gaveWay(now);
            gaveWay = true;
            lost("NATS cannot be used from here, and another instance stands by");
        } else {
            natsPatience.begin(now); // looks for company again after as long
        }
    }

    /** A connection that stays lost is no better than one that cannot be made. */
    private void giveWayIfCutOff() {
        boolean connected;
        synchronized (linkLock) {
            connected = link.connected();
        }
        if (!connected) {
            if (linked) {
                natsPatience.begin(System.nanoTime());
            }
            giveWay();
        }
        linked = connected;
    }

    private void natsAway(String why) {
        natsEnd.down(oneLine(why));
        say("waiting: " + why);
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s*\\R\\s*", "; ");
    }

    private boolean checkJetStream(NatsLink nats) throws CannotStart {
        List<JetStreamChecks.Finding> findings =
                JetStreamChecks.run(nats.connection(), nats.server(), settings.streams());
        List<String> hard = findings.stream()
                .filter(finding -> !finding.passes())
                .map(JetStreamChecks.Finding::toString)
                .toList();
        if (!hard.isEmpty() && endsWhenNatsRefuses()) {
            throw new CannotStart(hard);
        }
        findings.forEach(finding -> natsAway(finding.toString()));
        return findings.isEmpty();
    }

    private void runSessions(NatsLink nats, Session.Edges edges) throws CannotStart, InterruptedException {
        boolean useFences = true;
        StoredIds streams = new StoredIds(nats.connection());
        long pause = FIRST_PAUSE_MILLIS;
        while (!isStopping() && leads && !nats.isOver()) {
            heartbeat = clock.instant();
            Optional<Session> opened = open(edges, streams, useFences);
            if (opened.isEmpty()) {
                pause = pause(pause);
                continue;
            }
            SessionEnd end = follow(opened.get(), nats);
            countInVain(opened.get(), end);
            publicationGap = end instanceof SessionEnd.SourceLost lost && lost.isPublicationGap();
            // long enough for somebody to advance a slot that is not in use meanwhile
            pause = publicationGap ? LONGEST_PAUSE_MILLIS : FIRST_PAUSE_MILLIS;
            if (!end.isLeadershipOver() && !nats.isOver()) {
                // what the old lanes sent must not arrive behind what the next ones find
                nats.flush(Duration.ofSeconds(2));
            }
            if (end instanceof SessionEnd.Restart restart) {
                useFences = restart.useFences();
                say("reading the slot again from what is confirmed: " + restart.reason());
            } else if (end instanceof SessionEnd.SourceLost lost) {
                useFences = true;
                sourceEnd.down(lost.error());
                say("the replication stream ended, starting again: " + lost.error());
            } else if (end instanceof SessionEnd.NatsLost lost) {
                useFences = true;
                sourceEnd.down("waiting for NATS: " + lost.error());
            } else if (end instanceof SessionEnd.LeadershipLost lost) {
                sourceEnd.down(lost.reason());
            } else if (end instanceof SessionEnd.Outranked outranked) {
                sourceEnd.down(outranked.reason());
            }
            if (leads) {
                long unused = pause(FIRST_PAUSE_MILLIS);
            }
        }
    }

    /** Counts sessions in a row that restarted, as long as the slot is not confirmed any further. */
    private void countInVain(Session ended, SessionEnd end) {
        Optional<Lsn> confirmed = ended.confirmedAtStart();
        if (!confirmed.equals(lastConfirmed)) {
            lastConfirmed = confirmed;
            inVain = 0;
        }
        inVain = end instanceof SessionEnd.Restart ? inVain + 1 : 0;
    }

    /** A session that has begun, or empty when something is in the way that may pass. */
    private Optional<Session> open(Session.Edges edges, StoredIds streams, boolean useFences)
            throws CannotStart, InterruptedException {
        try {
            SlotControl control = SlotControl.open(database);
            Optional<Session> opened = Optional.empty();
            try {
                opened = open(control, edges, streams, useFences);
            } finally {
                if (opened.isEmpty()) {
                    control.close();
                }
            }
            return opened;
        } catch (DatabaseException e) {
            databaseAway(e);
            return Optional.empty();
        }
    }

    private Optional<Session> open(SlotControl control, Session.Edges edges, StoredIds streams, boolean useFences)
            throws CannotStart, DatabaseException, InterruptedException {
        if (!control.identity().equals(lease.server())) {
            lost("the server is another one now, or was promoted, since this instance was elected");
            return Optional.empty();
        }
        List<Finding> findings = control.check(settings);
        boolean onlyReader = !findings.isEmpty() && findings.stream().allMatch(Finding::isReader);
        // a leader that was frozen until now must not end its successor's connection
        if (onlyReader && lease.isTrusted(System.nanoTime()) && control.endReader()) {
            say("ended the connection of an earlier leader that still held the slot");
            findings = control.check(settings);
        }
        if (findings.isEmpty() && publicationGap) {
            publicationGap = false; // said once, then tried again
            findings = List.of(Finding.publicationGap(
                    settings.postgres().slot(), settings.postgres().publication()));
        }
        if (!mayStart(findings)) {
            return Optional.empty();
        }
        SlotMemory memory = null;
        Session begun = null;
        try {
            memory = remembered(streams);
            begun = new Session(edges, control, memory, () -> lease, useFences, inVain);
        } catch (DayOne.NatsAway e) {
            say(String.valueOf(e.getMessage()));
            return Optional.empty();
        } finally {
            if (begun == null && memory != null) {
                memory.close();
            }
        }
        synchronized (linkLock) {
            begun.link(link);
            session = begun;
        }
        begun.start();
        return Optional.of(begun);
    }

    /** What the slot is known by, once nothing is pending that it does not hold; null where nobody wants to know. */
    private @Nullable SlotMemory remembered(StoredIds streams)
            throws DatabaseException, DayOne.NatsAway, InterruptedException {
        if (settings.source().backlog() == PendingMode.IGNORE) {
            return null;
        }
        TermGuard guard = new TermGuard(settings.postgres().slot(), lease.term(), lease.server());
        long[] counted = {0};
        return new DayOne(database, settings, rows -> {
                    meters.rowsTaken(Math.max(0, rows - counted[0]));
                    counted[0] = rows;
                    return mayTakeOn(rows);
                })
                .prepare(guard, streams);
    }

    private boolean mayTakeOn(long rows) {
        heartbeat = clock.instant();
        sourceEnd.down("taking pending rows from their tables before the slot is read: " + rows + " so far");
        return leads && !isStopping() && lease.isTrusted(System.nanoTime());
    }

    private boolean mayStart(List<Finding> findings) throws CannotStart {
        List<String> hard = findings.stream()
                .filter(finding -> !finding.passes())
                .map(Finding::toString)
                .toList();
        if (!hard.isEmpty() && endsWhenRefused()) {
            throw new CannotStart(hard);
        }
        if (!findings.isEmpty()) {
            findings.forEach(finding -> say("PostgreSQL: " + finding));
            sourceEnd.down(findings.get(0).problem());
        }
        return findings.isEmpty();
    }

    private SessionEnd follow(Session running, NatsLink nats) throws InterruptedException {
        try {
            while (true) {
                heartbeat = clock.instant();
                Optional<SessionEnd> end = running.awaitEnd(Duration.ofMillis(200));
                if (end.isPresent()) {
                    steppedDown(end.get());
                    return end.get();
                }
                if (!leads) {
                    running.end(new SessionEnd.LeadershipLost("it was lost while the session began"));
                }
                boolean unused = running.mayAct();
                giveWayIfCutOff();
                if (nats.isOver()) {
                    log.warn("the connection to nats is closed for good: making a new one, with the secrets of now");
                    running.end(new SessionEnd.NatsLost("the server refuses the relay"));
                }
                if (running.isStreaming()) {
                    everStreamed = true;
                    sourceEnd.up();
                    meters.sourceConnected(true);
                    become(Role.LEADER);
                    lastSaid = "";
                    sayPolicyGap(running);
                }
                if (isStopping()) {
                    become(Role.STOPPING);
                    running.drain(DRAIN);
                }
            }
        } finally {
            meters.sourceConnected(false);
            sourceEnd.down(null);
            if (role != Role.STOPPING) {
                become(Role.STARTING);
            }
            running.close();
            session = null;
        }
    }

    /** The relay works without; so it is said, once, and nothing waits for it. */
    private void sayPolicyGap(Session running) {
        String gap = running.policyGap().map(Finding::toString).orElse("");
        if (!gap.equals(policyGap) && !gap.isEmpty()) {
            log.warn("changes of policies do not reach the running relay: {}", gap);
        }
        policyGap = gap;
    }

    /** Names this process in {@code outbox.leader}: host and process id. */
    private static String instanceName() {
        String host = System.getenv("HOSTNAME");
        return (host == null || host.isBlank() ? "relay" : host) + "/"
                + ProcessHandle.current().pid();
    }

    private void become(Role next) {
        if (role != next) {
            roleSince = clock.instant();
            role = next;
        }
    }

    private boolean isStopping() {
        return stopRequested.getCount() == 0;
    }

    private long pause(long millis) throws InterruptedException {
        boolean unused = stopRequested.await(millis, TimeUnit.MILLISECONDS);
        return Math.min(millis * 2, LONGEST_PAUSE_MILLIS);
    }

    /** Says what the relay waits for, once as long as it stays the same. */
    private void say(String text) {
        if (!text.equals(lastSaid)) {
            log.warn("{}", text);
            lastSaid = text;
        }
    }

    private Health health() {
        HealthFacts facts = new HealthFacts(role, roleSince, sourceEnd.state(), natsEnd.state(), heartbeat);
        return Health.of(facts, clock.instant(), WEDGED_AFTER);
    }

    /** What {@code /api/status} answers. */
    public RelayStatus status() {
        Session running = session;
        List<TenantStatus> tenants = running == null ? List.of() : lookout.tenants(running.cells());
        SlotState known = slot;
        SlotStatus slotStatus = known == null
                ? new SlotStatus(
                        settings.postgres().slot(),
                        null,
                        null,
                        null,
                        settings.postgres().walBudget())
                : new SlotStatus(
                        settings.postgres().slot(),
                        known.confirmed().toString(),
                        known.retainedBytes(),
                        known.confirmedLagBytes(),
                        settings.postgres().walBudget());
        return new RelayStatus(
                build.version(),
                role,
                roleSince,
                instance,
                leader,
                slotStatus,
                sourceEnd.state(),
                natsEnd.state(),
                Totals.of(tenants, running == null ? 0 : running.homelessDeadLetters()),
                lookout.lag(),
                running == null ? Map.of() : running.policyProblems(),
                tenants);
    }

    private final class LinkListener implements NatsLink.Listener {
        @Override
        public void connected(long maxPayload) {
            boolean unused = linkChanged(true, maxPayload);
            natsEnd.up();
            log.atInfo().addKeyValue("maxPayload", maxPayload).log("connected to nats");
        }

        @Override
        public void disconnected(String why) {
            boolean wasConnected = linkChanged(false, 0);
            natsEnd.down(why);
            if (wasConnected && !isStopping()) { // a try to connect that fails comes here too
                log.atWarn().addKeyValue("error", why).log("connection to nats lost: every lane waits");
            }
        }
    }

    /** The connection to NATS came or went; returns whether it was there before. Any thread. */
    private boolean linkChanged(boolean connected, long maxPayload) {
        meters.natsConnected(connected);
        synchronized (linkLock) {
            boolean before = link.connected();
            if (!before && !connected) {
                return false; // one more attempt that failed: what was lost is lost once
            }
            link = new Session.Link(link.epoch() + 1, connected, maxPayload);
            Session running = session;
            if (running != null) {
                running.link(link);
            }
            return before;
        }
    }

    private final class SlotListener implements SlotMonitor.Listener {
        @Override
        public void slot(SlotState state) {
            slot = state;
            meters.slot(state.retainedBytes(), state.confirmedLagBytes(), state.active(), state.walStatus());
            Session running = session;
            if (running != null) {
                running.drainPace().look(state.retainedBytes());
                running.remember();
            }
            walBudget.watch(
                    state,
                    why -> running == null
                            ? Optional.empty()
                            : running.relieve(why)
                                    .map(address -> address.tenant().value()));
        }

        @Override
        public void unknown(String why) {
            slot = null;
            meters.slotUnknown();
            Session running = session;
            if (running != null) {
                running.drainPace().unknown();
            }
        }

        @Override
        public void unpublished(Finding finding) {
            Session running = session;
            if (running != null) {
                running.missed(finding.problem()); // the checks before the next say the rest
            }
        }
    }

    private final class Metrics implements MetricsPage {
        @Override
        public String contentType(@Nullable String accept) {
            return meters.contentType(accept);
        }

        @Override
        public void writeTo(OutputStream out, @Nullable String accept) throws IOException {
            meters.writeTo(out, accept);
        }
    }
}

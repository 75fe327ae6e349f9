package dev.outboxrelay;

import dev.outboxrelay.config.Poison;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.decode.Decoder;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.SlotIdentity;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.ha.Lease;
import dev.outboxrelay.lane.Fence;
import dev.outboxrelay.lane.Item;
import dev.outboxrelay.lane.Lane;
import dev.outboxrelay.lane.LaneLimits;
import dev.outboxrelay.lane.Rejection;
import dev.outboxrelay.policy.PolicyBook;
import dev.outboxrelay.policy.PolicyRow;
import dev.outboxrelay.policy.TenantPolicy;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.postgres.TimelineHistory;
import dev.outboxrelay.publish.JetStreamPublisher;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.CloudEvents;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.route.Router;
import dev.outboxrelay.rule.RouteBook;
import dev.outboxrelay.settle.Backlog;
import dev.outboxrelay.settle.DeadLetter;
import dev.outboxrelay.settle.DeadLetterIndex;
import dev.outboxrelay.settle.DeadLetterWriter;
import dev.outboxrelay.settle.ParkWriter;
import dev.outboxrelay.settle.RowSettler;
import dev.outboxrelay.settle.Settlement;
import dev.outboxrelay.settle.SlotMemory;
import dev.outboxrelay.slot.Finding;
import dev.outboxrelay.slot.PolicyLook;
import dev.outboxrelay.slot.SlotControl;
import dev.outboxrelay.slot.SlotMonitor;
import dev.outboxrelay.slot.SlotState;
import dev.outboxrelay.source.DebeziumSource;
import dev.outboxrelay.spill.SpillSpace;
import dev.outboxrelay.streams.StreamAttacher;
import dev.outboxrelay.telemetry.Meters;
import dev.outboxrelay.tracing.Spans;
import dev.outboxrelay.watermark.Ticket;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One run from the slot's confirmed position on: an engine, the lanes it feeds, and what settles their events. Whatever
 * goes wrong on the PostgreSQL side ends it; the next one begins where this one confirmed.
 *
 * <p>Longer than most classes here because it is the one place where source, lanes and settling meet.
 */
final class Session implements DebeziumSource.Handler {

    private static final Logger log = LoggerFactory.getLogger(Session.class);

    /** How many dead letters of one tenant are written at the same time. */
    private static final int OPEN_DEAD_LETTERS = 200;

    private static final long SPILL_PATIENCE_MILLIS = 100;

    private static final int MOST_DOUBLINGS = 4;

    /** Parked events that go out in a second while much WAL is kept. */
    private static final long SLOW_DRAIN = 500;

    private static final Duration CONFLICT_PAUSE = Duration.ofSeconds(30);

    /** The connection to NATS as the lanes see it; each change has a new epoch. */
    record Link(long epoch, boolean connected, long maxPayload) {}

    /** What a session works with; all of it outlives the session. */
    record Edges(
            Settings settings,
            Database database,
            JetStreamPublisher publisher,
            StreamAttacher attacher,
            PolicyBook policies,
            Lookout lookout,
            RouteBook routes,
            CloudEvents cloudEvents,
            Meters meters,
            @Nullable Spans spans,
            @Nullable SpillSpace spill,
            InstantSource clock,
            TestBreak broken) {}

    private final Edges edges;
    private final boolean useFences;
    private final int inVain;
    private final SlotControl control;
    private final @Nullable SlotMemory memory;
    private final Supplier<Lease> lease;
    private final DeadLetterIndex deadLetterIndex;
    private final SlotIdentity identity;
    private final Map<Integer, Lsn> ancestors;
    private final DebeziumSource source;
    private final RowSettler settler;
    private final DeadLetterWriter deadLetters;
    private final ParkWriter parkWriter;
    private final Backlog backlog;
    private final DrainPace drainPace;
    private final Decoder decoder;
    private final EmittedEvents emitted;
    /** Knows no routing rules: for events that were routed before. */
    private final Router plainRouter;

    private final Router router;
    private final Map<TableName, TableMapping> tables;
    private final Tickets tickets = new Tickets();
    private final DeadLetterLog deadLetterLog = new DeadLetterLog(System::nanoTime);
    private final SpillLog spillLog = new SpillLog();
    private final Budget budget;
    private final List<LaneThread> threads = new ArrayList<>();
    private final Map<String, LaneCell> cells = new ConcurrentHashMap<>();
    private final CompletableFuture<SessionEnd> end = new CompletableFuture<>();
    private volatile Link link = new Link(0, false, 0);
    private volatile boolean draining;
    private volatile boolean owned;
    private final LongAdder homelessDeadLetters = new LongAdder();
    private volatile @Nullable Fence fence;
    private final PolicyFeed policies = new PolicyFeed();
    private volatile @Nullable PolicyLook look;
    private Lsn startUp = Lsn.NONE;
    private Lsn lastPassed = Lsn.NONE;
    /** The source's thread alone. */
    private Lsn allowed = Lsn.NONE;

    private volatile boolean caughtUp;
    private final TwoLooks pinned = new TwoLooks();

    /**
     * Takes over the control connection and the slot's memory.
     *
     * @param memory what the slot is known by; null where that is nobody's business
     * @param inVain how many sessions before this one ended without anything confirmed
     * @throws DatabaseException when it does not answer
     */
    Session(
            Edges edges,
            SlotControl control,
            @Nullable SlotMemory memory,
            Supplier<Lease> lease,
            boolean useFences,
            int inVain)
            throws DatabaseException {
        Settings settings = edges.settings();
        this.edges = edges;
        this.useFences = useFences;
        this.inVain = inVain;
        this.tables = settings.source().all().stream()
                .collect(Collectors.toUnmodifiableMap(TableMapping::name, Function.identity()));
        this.decoder = new Decoder(settings.source().all());
        this.plainRouter = plainRouter();
        this.router = newRouter();
        this.budget = new Budget(settings.lanes().maxBytes(), settings.lanes().maxEvents());
        this.deadLetterIndex =
                new DeadLetterIndex(edges.database(), settings.postgres().slot());
        this.control = control;
        this.emitted = new EmittedEvents(control::emitKeys, settings.postgres().slot());
        this.memory = memory;
        policies.on(PolicyRow.ROUTE, new RouteTable(edges.routes()));
        ServerIdentity server = control.identity();
        this.identity = new SlotIdentity(
                server.systemIdentifier(),
                server.timeline(),
                settings.postgres().slot());
        this.lease = lease;
        TermGuard guard = new TermGuard(settings.postgres().slot(), lease.get().term(), server);
        Runnable fenced = () -> end(new SessionEnd.LeadershipLost("another leader has taken over"));
        Consumer<Throwable> broken = bug -> end(new SessionEnd.SourceLost("settling broke: " + bug));
        this.settler =
                new RowSettler(edges.database(), tables, settings.settle(), guard, this::settled, fenced, broken);
        this.deadLetters = new DeadLetterWriter(edges.database(), tables, guard, fenced, broken);
        this.parkWriter = new ParkWriter(edges.database(), guard, fenced, broken);
        this.backlog = Backlog.open(
                edges.database(), guard, tables, settings.naming(), edges.policies()::poisonWithoutRow, fenced, broken);
        this.drainPace = new DrainPace(settings.postgres().walBudget() / 2, SLOW_DRAIN);
        policies.on(PolicyRow.TENANT, new TenantPolicies());
        policies.on(PolicyRow.CONSUMER, new ConsumerFeed(edges.lookout())); // after the tenants, whose policies it asks
        this.ancestors = TimelineHistory.read(edges.database(), server.timeline());
        this.source = new DebeziumSource(
                settings,
                control.endpoint(),
                edges.database().login(control.endpoint()),
                SlotMonitor.MESSAGE_PREFIX,
                this);
        for (int i = 0; i < settings.lanes().threads(); i++) {
            threads.add(new LaneThread(i, bug -> end(new SessionEnd.SourceLost("a lane broke: " + bug))));
        }
    }

    void start() {
        threads.forEach(LaneThread::start);
        settler.start();
        deadLetters.start();
        parkWriter.start();
        source.start();
    }

    /** Waits for the end; empty when the time is over first. */
    Optional<SessionEnd> awaitEnd(Duration timeout) throws InterruptedException {
        try {
            return Optional.of(end.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends the session; the first reason counts. Any thread. */
    void end(SessionEnd why) {
        end.complete(why);
    }

    /** Whether this instance may still act as the leader. Any thread. */
    boolean mayAct() {
        if (lease.get().isTrusted(System.nanoTime())) {
            return true;
        }
        end(new SessionEnd.LeadershipLost("the leadership was not confirmed in time"));
        return false;
    }

    boolean isOver() {
        return end.isDone();
    }

    /** Whether the slot is ours and rows may come. */
    boolean isStreaming() {
        return owned && !isOver();
    }

    /** Where the slot was confirmed when this session took it; empty if it did not get that far. */
    Optional<Lsn> confirmedAtStart() {
        return Optional.ofNullable(fence).map(Fence::confirmed);
    }

    /** How long lanes keep what they could not look up, see {@link Lane#forbear}: longer after each session in vain. */
    long forbearance() {
        return inVain == 0 ? 0 : edges.settings().lanes().parkAfter().toNanos() << Math.min(inVain, MOST_DOUBLINGS);
    }

    /** The connection to NATS came or went. Any thread. */
    void link(Link now) {
        link = now;
        cells.values().forEach(LaneCell::connectionChanged);
    }

    Link link() {
        return link;
    }

    /**
     * Takes nothing more, waits until everything taken is settled and confirmed, and ends. What does not get there in
     * time comes again at the next start.
     */
    void drain(Duration timeout) throws InterruptedException {
        draining = true;
        budget.close();
        long deadline = System.nanoTime() + timeout.toNanos();
        boolean settled = tickets.awaitAllSettled(timeout);
        if (settled) {
            remember();
            awaitConfirmed(
                    Math.min(deadline, System.nanoTime() + Duration.ofSeconds(3).toNanos()));
        }
        log.atInfo()
                .addKeyValue("unsettled", tickets.open())
                .addKeyValue("confirmed", tickets.confirmable())
                .log(settled ? "drained" : "stopped with events in flight: they come again at the next start");
        end(new SessionEnd.Stopped());
    }

    private void awaitConfirmed(long deadline) throws InterruptedException {
        Lsn wanted = tickets.confirmable();
        try {
            while (System.nanoTime() < deadline && !isOver()) {
                SlotState state = control.state();
                if (wanted.isAtOrBefore(state.confirmed())) {
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        } catch (DatabaseException e) {
            log.atWarn().addKeyValue("error", e.getMessage()).log("cannot see whether the slot is confirmed");
        }
    }

    /** Stops everything; idempotent. */
    void close() throws InterruptedException {
        end(new SessionEnd.Stopped());
        source.stop();
        settler.close();
        deadLetters.close();
        parkWriter.close();
        backlog.close();
        threads.forEach(LaneThread::close);
        cells.values().forEach(LaneCell::close);
        deadLetterIndex.close();
        control.close();
        if (memory != null) {
            memory.close();
        }
    }

    @Override
    public Lsn owned() {
        try {
            // the slot is ours and nothing was confirmed since: no feedback of an earlier leader can still move it
            SlotState state = control.state();
            if (!state.active()) {
                throw new IllegalStateException("the engine reads another server than "
                        + control.endpoint().host());
            }
            if (memory != null && !memory.claim()) {
                throw new IllegalStateException("the slot is not the one that it was before");
            }
            control.nudge();
            fence = new Fence(
                    lease.get().term(),
                    identity,
                    state.confirmed(),
                    ancestors,
                    useFences && edges.broken() != TestBreak.FENCE);
            startUp = state.current();
            // whatever is committed after this look comes through the slot, behind everything committed before
            look = control.policies(edges.settings());
            policies.loaded(look.rows());
            owned = true;
            backlog.tenants().forEach((tenant, events) -> cellOf(tenant).ifPresent(cell -> cell.backlogFound(events)));
            backlog.start(due -> due.forEach(tenant -> cellOf(tenant).ifPresent(LaneCell::backlogWaits)));
            log.atInfo()
                    .addKeyValue("slot", identity.slot())
                    .addKeyValue("confirmed", state.confirmed())
                    .addKeyValue("walEnd", state.current())
                    .addKeyValue("behindBytes", state.confirmedLagBytes())
                    .log("streaming");
            return state.confirmed();
        } catch (DatabaseException e) {
            throw new IllegalStateException("the slot cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public void changes(List<Change> changes) throws InterruptedException {
        if (draining || isOver()) {
            return; // not taken: no ticket, no boundary, so it comes again
        }
        Map<String, Long> dead = caughtUp ? Map.of() : knownDeadLetters(changes);
        Map<LaneCell, List<Item>> arrivals = new LinkedHashMap<>();
        for (Change change : changes) {
            if (change instanceof Change.Passed passed) {
                tickets.boundary(passed.lsn());
                lastPassed = passed.lsn();
                if (!caughtUp && startUp.isAtOrBefore(passed.lsn())) {
                    deliver(arrivals);
                    caughtUp = true;
                    cells.values().forEach(LaneCell::caughtUp);
                }
            } else if (change instanceof Change.PolicyChanged policy) {
                policyChanged(policy, arrivals);
            } else {
                Optional<Decoded> decoded = decode(change);
                if (decoded.isPresent() && !taken(decoded.get(), dead, arrivals)) {
                    break; // stopping: this event and all behind it are not taken and come again
                }
            }
        }
        deliver(arrivals);
    }

    /** What was committed before a change is on its way before it. */
    private void policyChanged(Change.PolicyChanged policy, Map<LaneCell, List<Item>> arrivals)
            throws InterruptedException {
        if (Objects.requireNonNull(look).snapshot().sees(policy.transaction())) {
            return; // older than what is known
        }
        deliver(arrivals);
        policies.changed(new PolicyRow(policy.object(), policy.key(), policy.json()));
    }

    /** What a row or a message is; empty where it is none of ours. */
    private Optional<Decoded> decode(Change change) {
        if (change instanceof Change.Inserted row) {
            return decoder.isEvent(row) ? Optional.of(decoder.decode(row)) : Optional.empty();
        }
        return change instanceof Change.Emitted message ? emitted.decode(message) : Optional.empty();
    }

    /** Sends an event on its way; false when nothing is to be taken any more. */
    private boolean taken(Decoded decoded, Map<String, Long> dead, Map<LaneCell, List<Item>> arrivals)
            throws InterruptedException {
        OutboxEvent event = event(decoded);
        Long inTable = dead.get(event.id().value());
        if (inTable != null) {
            // written before the last stop: the table says what becomes of it
            again(tickets.issue(), event, inTable, plainRouter.route(decoded), arrivals);
            return true;
        }
        if (!acquire(event, arrivals)) {
            return false;
        }
        Ticket ticket = tickets.issue();
        Routed routed = router.route(decoded);
        if (routed instanceof Routed.Deliverable deliverable) {
            Item item = Item.deliverable(ticket, deliverable.envelope());
            enqueue(item, deliverable.envelope().address(), arrivals);
        } else if (routed instanceof Routed.Unroutable unroutable) {
            Item item =
                    Item.rejected(ticket, unroutable.event(), new Rejection(unroutable.reason(), unroutable.error()));
            enqueue(item, unroutable.address(), arrivals);
        } else if (routed instanceof Routed.RuledOut ruledOut) {
            Item item =
                    Item.rejected(ticket, ruledOut.event(), new Rejection(ruledOut.reason(), ruledOut.error(), true));
            enqueue(item, ruledOut.address(), arrivals);
        } else if (routed instanceof Routed.Dropped dropped) {
            enqueue(Item.dropped(ticket, dropped.event(), dropped.rule()), dropped.address(), arrivals);
        } else if (routed instanceof Routed.Homeless homeless) {
            deadLetter(ticket, homeless);
        }
        return true;
    }

    private void again(
            Ticket ticket, OutboxEvent event, long tableSeq, Routed routed, Map<LaneCell, List<Item>> arrivals) {
        if (routed instanceof Routed.Homeless) {
            tickets.settle(ticket);
            return;
        }
        Address address = routed instanceof Routed.Deliverable deliverable
                ? deliverable.envelope().address()
                : ((Routed.Unroutable) routed).address();
        arrivals.computeIfAbsent(cell(address), unused -> new ArrayList<>()).add(Item.again(ticket, event, tableSeq));
    }

    private void enqueue(Item item, Address address, Map<LaneCell, List<Item>> arrivals) {
        LaneCell cell = cell(address);
        item.held(cell);
        cell.hold(cost(item.event()));
        arrivals.computeIfAbsent(cell, unused -> new ArrayList<>()).add(item);
    }

    private void deadLetter(Ticket ticket, Routed.Homeless homeless) {
        deadLetters.add(new DeadLetter(homeless.event(), homeless.reason(), homeless.error(), 0, () -> {
            homelessDeadLetters.increment();
            edges.meters().invalidTenant().deadLettered(homeless.reason().code());
            deadLetterLog.dead(homeless.event(), homeless.reason(), homeless.error());
            budget.release(cost(homeless.event()));
            settled(ticket);
        }));
    }

    private static OutboxEvent event(Decoded decoded) {
        return decoded instanceof Decoded.Event event ? event.event() : ((Decoded.Malformed) decoded).remains();
    }

    /** Takes memory for an event; while there is none, everything collected so far must already be on its way. */
    private boolean acquire(OutboxEvent event, Map<LaneCell, List<Item>> arrivals) throws InterruptedException {
        long cost = cost(event);
        if (budget.tryAcquire(cost)) {
            return true;
        }
        deliver(arrivals); // part of it goes to disk, if there is a place
        if (budget.tryAcquire(cost)) {
            return true;
        }
        long begin = System.nanoTime();
        boolean acquired = budget.acquire(cost);
        edges.meters().sourceBlocked(Duration.ofNanos(System.nanoTime() - begin));
        return acquired;
    }

    private static long cost(OutboxEvent event) {
        String headers = event.headersJson();
        return Budget.cost(
                event.payload().size() + 2L * event.subject().length() + (headers == null ? 0 : 4L * headers.length()));
    }

    /** Gives an item's memory back, once. Any thread. */
    void release(Item item) {
        if (item.unheld() instanceof LaneCell cell) {
            long cost = cost(item.event());
            budget.release(cost);
            cell.unhold(cost);
        }
    }

    /**
     * Takes memory for an item that comes back from disk, on the lane's thread.
     *
     * @param inAnyCase whether it must have some, whatever there is
     */
    boolean charge(Item item, LaneCell cell, boolean inAnyCase) {
        if (item.isAgain()) {
            return true; // it is a husk
        }
        long cost = cost(item.event());
        if (!budget.tryAcquire(cost)) {
            if (!inAnyCase) {
                return false;
            }
            budget.take(cost);
        }
        item.held(cell);
        cell.hold(cost);
        return true;
    }

    /** What is taken for an item now; 0 if nothing is. Any thread. */
    long heldCost(Item item) {
        return item.isHeld() ? cost(item.event()) : 0;
    }

    /** Whether memory is short, so that every tenant should keep little of it. Any thread. */
    boolean isShortOfMemory() {
        return budget.isShort();
    }

    /** Waits for room on disk, a while; false when nothing is to be taken any more. */
    boolean awaitSpillRoom() throws InterruptedException {
        SpillSpace spill = edges.spill();
        if (spill != null) {
            long begin = System.nanoTime();
            spill.awaitRoom(SPILL_PATIENCE_MILLIS);
            edges.meters().sourceBlocked(Duration.ofNanos(System.nanoTime() - begin));
        }
        return !draining && !isOver();
    }

    /**
     * The event is stored: gives its memory back, but for what its row takes until it is settled. Any thread.
     *
     * @param row handed to the settler next
     */
    void stored(Item item, Settlement row) {
        budget.waits(row.bytes());
        release(item);
    }

    /** Its row says what became of the event. Any thread. */
    private void settled(Settlement row) {
        budget.settled(row.bytes());
        settled(row.ticket());
    }

    private void deliver(Map<LaneCell, List<Item>> arrivals) throws InterruptedException {
        for (Map.Entry<LaneCell, List<Item>> each : arrivals.entrySet()) {
            each.getKey().arrived(each.getValue());
        }
        arrivals.clear();
    }

    private Optional<LaneCell> cellOf(String tenant) {
        return Address.of(tenant, edges.settings().naming()).map(this::cell);
    }

    /** Any thread. */
    private LaneCell cell(Address address) {
        LaneCell known = cells.get(address.tenant().value());
        return known == null ? newCell(address) : known;
    }

    private synchronized LaneCell newCell(Address address) {
        LaneCell known = cells.get(address.tenant().value());
        if (known != null) {
            return known;
        }
        LaneLimits limits = limits(address.tenant().value());
        LaneCell cell = new LaneCell(
                address,
                this,
                threads.get(Math.floorMod(address.tenant().value().hashCode(), threads.size())),
                limits,
                Objects.requireNonNull(fence),
                edges.meters().tenant(address.tenant().value()));
        cells.put(address.tenant().value(), cell);
        cell.connectionChanged();
        if (caughtUp) {
            cell.caughtUp();
        }
        if (limits.hold()) {
            cell.backlogWaits();
        }
        return cell;
    }

    private LaneLimits limits(String tenant) {
        Settings settings = edges.settings();
        TenantPolicy policy = edges.policies().of(tenant);
        return new LaneLimits(
                policy.maxInFlight(),
                OPEN_DEAD_LETTERS,
                policy.retry(),
                CONFLICT_PAUSE,
                settings.lanes().tenantMaxEvents(),
                settings.lanes().tenantMaxBytes(),
                policy.parkAfter(),
                policy.poison() == Poison.HOLD,
                policy.paused());
    }

    /** What holds for tenants, as {@code outbox.tenant} says it. */
    private final class TenantPolicies implements PolicyFeed.Listener {
        @Override
        public Map<String, String> loaded(List<PolicyRow> rows) {
            return edges.policies().load(rows);
        }

        @Override
        public Optional<String> changed(PolicyRow row) {
            Optional<String> wrong = edges.policies().change(row);
            if (wrong.isEmpty()) {
                applied(row.key());
            }
            return wrong;
        }
    }

    private synchronized void applied(String tenant) {
        LaneCell cell = cells.get(tenant);
        if (cell != null) {
            cell.limits(limits(tenant));
        }
        Address.of(tenant, edges.settings().naming()).ifPresent(edges.attacher()::policyChanged);
        edges.lookout().provisionChanged(tenant);
    }

    private Map<String, Long> knownDeadLetters(List<Change> changes) {
        try {
            if (deadLetterIndex.isEmpty()) {
                return Map.of();
            }
            List<String> ids = changes.stream()
                    .flatMap(change -> decode(change).stream())
                    .map(decoded -> event(decoded).id().value())
                    .toList();
            return ids.isEmpty() ? Map.of() : deadLetterIndex.known(ids);
        } catch (DatabaseException e) {
            throw new IllegalStateException("dead letters cannot be looked up: " + e.getMessage(), e);
        }
    }

    @Override
    public Lsn confirmable() {
        if (edges.broken() == TestBreak.WATERMARK) {
            return lastPassed;
        }
        Lsn settled = tickets.confirmable();
        if (memory == null || settled.isAtOrBefore(memory.held())) {
            allowed = settled;
        }
        return allowed; // until the memory is beyond it, so that nobody takes this slot for another one
    }

    /** Rows may have passed that the publication did not bring: ends the session, and the next one looks for them. */
    void missed(String why) {
        SlotMemory known = memory;
        if (known != null && owned) {
            try {
                known.demand(why);
            } catch (DatabaseException e) {
                log.atWarn().addKeyValue("error", e.getMessage()).log("rows that were missed may stay pending");
            }
        }
        end(new SessionEnd.SourceLost(why));
    }

    /**
     * Sees to it that what is settled may be confirmed soon, and that what somebody asks for is done. Any thread but
     * the source's.
     */
    void remember() {
        SlotMemory known = memory;
        if (known == null || !owned || isOver()) {
            return;
        }
        try {
            switch (known.look(tickets.confirmable())) {
                case SAME -> {}
                case GONE -> end(new SessionEnd.SourceLost("somebody else has the slot"));
                case DUE -> end(new SessionEnd.Restart(true, "pending rows are to be taken from their tables"));
            }
        } catch (DatabaseException e) {
            if (!isOver()) {
                end(new SessionEnd.SourceLost(String.valueOf(e.getMessage())));
            }
        }
    }

    @Override
    public void stopped(Optional<Throwable> error) {
        owned = false;
        error.ifPresent(e -> log.atLevel(SourceErrors.isFromOutside(e) ? Level.DEBUG : Level.ERROR)
                .setCause(e)
                .log("the engine failed"));
        end(error.<SessionEnd>map(e -> new SessionEnd.SourceLost(SourceErrors.describe(e)))
                .orElseGet(SessionEnd.Stopped::new));
    }

    /** Any thread. */
    void settled(Ticket ticket) {
        tickets.settle(ticket);
    }

    SettleMode settleMode(TableName table) {
        TableMapping mapping = tables.get(table);
        return mapping == null ? SettleMode.KEEP : mapping.settle();
    }

    RowSettler settler() {
        return settler;
    }

    DeadLetterWriter deadLetters() {
        return deadLetters;
    }

    ParkWriter parkWriter() {
        return parkWriter;
    }

    Backlog backlog() {
        return backlog;
    }

    DrainPace drainPace() {
        return drainPace;
    }

    /** The attributes that messages get. Any thread. */
    CloudEvents cloudEvents() {
        return edges.cloudEvents();
    }

    /**
     * One for a lane's thread: a router belongs to one thread, and the session's to the source's. It sees each change
     * of the routing rules at once; the session's own sees it in its place among the events, since it is the source's
     * thread that makes the change.
     */
    Router newRouter() {
        return new Router(edges.settings().naming(), edges.routes()::rules, edges.cloudEvents());
    }

    /** One that knows no routing rules, for one thread. */
    Router plainRouter() {
        return new Router(edges.settings().naming());
    }

    /**
     * Has the tenant whose event is the first that keeps the slot from being confirmed park what waits, and tells whose
     * it is; empty when no lane holds one that was the first already when this was last asked: then it is the source
     * that is behind. Any thread.
     */
    synchronized Optional<Address> relieve(String why) {
        Optional<LaneCell> first = cells.values().stream()
                .filter(cell -> cell.snapshot().oldestTicket() < Long.MAX_VALUE)
                .min(Comparator.comparingLong(cell -> cell.snapshot().oldestTicket()));
        long ticket = first.map(cell -> cell.snapshot().oldestTicket()).orElse(Long.MAX_VALUE);
        Optional<LaneCell> pinning = pinned.look(ticket) ? first : Optional.empty();
        pinning.ifPresent(cell -> cell.park(why));
        return pinning.map(cell -> cell.snapshot().address());
    }

    @Nullable
    SpillSpace spill() {
        return edges.spill();
    }

    StreamAttacher attacher() {
        return edges.attacher();
    }

    Lookout lookout() {
        return edges.lookout();
    }

    JetStreamPublisher publisher() {
        return edges.publisher();
    }

    SpillLog spillLog() {
        return spillLog;
    }

    DeadLetterLog deadLetterLog() {
        return deadLetterLog;
    }

    Meters meters() {
        return edges.meters();
    }

    /** Null where nobody wants any. */
    @Nullable
    Spans spans() {
        return edges.spans();
    }

    /** Wall-clock time in microseconds, to compare with commit times. */
    long nowMicros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, edges.clock().instant());
    }

    Collection<LaneCell> cells() {
        return cells.values();
    }

    /** Rows of the policy tables that do not count, with why. Any thread. */
    Map<String, String> policyProblems() {
        return policies.problems();
    }

    /** Why changes of policies do not reach this session, with what mends it; empty when they do. Any thread. */
    Optional<Finding> policyGap() {
        return Optional.ofNullable(look).map(PolicyLook::missing);
    }

    long homelessDeadLetters() {
        return homelessDeadLetters.sum();
    }

    long open() {
        return tickets.open();
    }
}

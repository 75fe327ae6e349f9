package dev.outboxrelay.settle;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.Poison;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.SqlErrors;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.route.Address;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events in {@code outbox.dead_letter} that are to be sent: parked ones, and dead ones that operators replay. One
 * for each session of a leader, with a thread and a connection of its own.
 *
 * <p>Requests return at once and are answered on the backlog's thread, in order for each tenant. One that meets a row
 * which somebody else has locked is tried again apart; the others do not wait for it. A lost connection delays answers
 * and costs none. Every request is one transaction under the leader's term.
 */
public final class Backlog implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Backlog.class);

    private final Policies policies;
    private final RowMarks marks;
    private final Naming naming;
    private final BacklogStart start;
    private final BatchWorker<BacklogRequest> worker;
    /** Tenants that a dead letter holds back; used by the worker's thread alone. */
    private final Set<String> held = new HashSet<>();

    private Backlog(
            Database database,
            TermGuard guard,
            Map<TableName, TableMapping> tables,
            Naming naming,
            Function<String, Poison> poison,
            Runnable fenced,
            Consumer<Throwable> broken)
            throws DatabaseException {
        this.policies = new Policies(guard.slot(), poison);
        this.marks = new RowMarks(tables);
        this.naming = naming;
        this.start = BacklogStart.read(database, guard, policies);
        this.worker = new BatchWorker<>(
                "backlog", database, 1, Duration.ZERO, guard, fenced, broken, Waiting::objects, this::run);
    }

    /**
     * Reads what there is, after the term was raised and before anything of this session is parked.
     *
     * @param tables how rows of each table are settled
     * @param poison the policy of a tenant that has none of its own in the table
     * @param guard under which leader
     * @param fenced called when another leader has taken over
     * @param broken called when the thread ended by a bug, with requests unanswered
     */
    public static Backlog open(
            Database database,
            TermGuard guard,
            Map<TableName, TableMapping> tables,
            Naming naming,
            Function<String, Poison> poison,
            Runnable fenced,
            Consumer<Throwable> broken)
            throws DatabaseException {
        return new Backlog(database, guard, tables, naming, poison, fenced, broken);
    }

    /**
     * Tenants with events to send when this was opened, with how many; also those with none whom a dead letter holds
     * back under the policy {@code hold}, with 0: their live events have to be parked. Every id is a legal one.
     */
    public Map<String, Long> tenants() {
        return start.tenants().entrySet().stream()
                .filter(tenant -> Address.of(tenant.getKey(), naming).isPresent())
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /**
     * Starts the thread.
     *
     * @param due called about once a second with the tenants that operators want something of, and with those that a
     *     dead letter does not hold back any more, as long as it is so; never with none. On the backlog's thread
     */
    public void start(Consumer<Set<String>> due) {
        worker.add(List.of(
                new DueTenantsRequest(policies, naming, held, due), new MarkDueRequest(policies.slot(), marks)));
        worker.start();
    }

    /**
     * Asks for a tenant's next events, in order.
     *
     * @param maxEvents how many at most
     * @param maxBytes of payloads, subjects and headers together; the first event comes even if it alone is larger
     */
    public void fetch(String tenant, int maxEvents, long maxBytes, Consumer<Fetched> answer) {
        add(new FetchRequest(policies, marks, tenant, maxEvents, maxBytes, fetched -> {
            if (fetched.held()) {
                held.add(tenant);
            } else {
                held.remove(tenant);
            }
            answer.accept(fetched);
        }));
    }

    /**
     * Says that events are in the stream, in the table and in their outbox rows, in one transaction. This is what
     * happened: it overrides what an operator decided meanwhile.
     *
     * @param done called once, after the commit; a crash before it means that the next leader finds the events in the
     *     stream and the table as it was, or resolved
     */
    public void resolve(List<BacklogRow> rows, Runnable done) {
        resolve(rows, Map.of(), done);
    }

    /**
     * The same, and in the same transaction gives up those that a routing rule drops: their letters are discarded,
     * their outbox rows say published, as those of live events that are dropped do.
     *
     * @param dropped with what their letters are to say
     */
    public void resolve(List<BacklogRow> rows, Map<BacklogRow, String> dropped, Runnable done) {
        Map<Long, RowRef> stored = new LinkedHashMap<>();
        rows.forEach(row -> stored.put(row.seq(), row.event().row()));
        Map<Long, RowRef> refs = new LinkedHashMap<>(stored);
        dropped.keySet().forEach(row -> refs.put(row.seq(), row.event().row()));
        add(connection -> {
            if (!Letters.lock(connection, refs.keySet())) {
                connection.rollback();
                return BacklogRequest.Next.LATER;
            }
            Set<Long> due = marks.publish(connection, refs);
            Letters.resolve(connection, stored.keySet(), due);
            for (Map.Entry<BacklogRow, String> drop : dropped.entrySet()) {
                Letters.discard(connection, drop.getKey().seq(), drop.getValue(), due);
            }
            connection.commit();
            done.run();
            return BacklogRequest.Next.DONE;
        });
    }

    /**
     * Makes an event a dead letter again, unless an operator discarded it meanwhile.
     *
     * @param error why, in words without content
     * @param attempts how often it was sent this time
     * @param done called once, after the commit
     */
    public void bury(BacklogRow row, Reason reason, String error, int attempts, Runnable done) {
        add(connection -> {
            Map<Long, RowRef> ref = Map.of(row.seq(), row.event().row());
            if (!Bury.run(connection, marks, row.seq(), ref, reason, error, attempts)) {
                connection.rollback();
                return BacklogRequest.Next.LATER;
            }
            connection.commit();
            done.run();
            return BacklogRequest.Next.DONE;
        });
    }

    /**
     * Resolves what was found in a tenant's stream although the table does not say so.
     *
     * @param inStream ids of messages; not all of them need be in the table
     * @param live the last live event in the stream: if the table has it, every event of the tenant that was parked up
     *     to it is in the stream too; null if there is none
     */
    public void reconcile(String tenant, Set<EventId> inStream, @Nullable EventId live, Consumer<Reconciled> answer) {
        add(new ReconcileRequest(policies.slot(), marks, start.highestSeq(), tenant, inStream, live, answer));
    }

    @Override
    public void close() {
        worker.close();
    }

    private void add(BacklogRequest request) {
        worker.add(List.of(request));
    }

    /** @param batch one request: each has a transaction of its own */
    private List<BacklogRequest> run(Connection connection, List<BacklogRequest> batch, boolean patient)
            throws SQLException {
        BacklogRequest request = batch.get(0);
        try {
            return switch (request.run(connection)) {
                case DONE -> List.of();
                case LATER -> batch;
                case ON -> {
                    add(request);
                    yield List.of();
                }
            };
        } catch (SQLException e) {
            if (SqlErrors.isConnectionLoss(e) || connection.isClosed()) {
                throw e;
            }
            // something about this request; the others must not wait until it is mended
            connection.rollback();
            log.atWarn()
                    .addKeyValue("sqlState", e.getSQLState())
                    .addKeyValue("error", e.getMessage())
                    .log("a request to the table of dead letters failed, trying again");
            return batch;
        }
    }
}

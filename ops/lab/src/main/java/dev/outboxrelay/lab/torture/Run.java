package dev.outboxrelay.lab.torture;

import dev.outboxrelay.lab.torture.Violation.Kind;
import dev.outboxrelay.testing.Await;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * One run: servers up, writers on, everything in the plan, writers off, all drained, compared.
 *
 * <p>Longer than most classes here because all parts meet in it, in order.
 */
final class Run {

    static final String SLOT = "outbox_relay";

    private static final Duration DRAIN = Duration.ofMinutes(3);
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final Settings settings;
    private final Plan plan;
    private final Path folder;
    private final Report report;
    private final Census census = new Census();

    /** @param folder takes the logs, and the evidence if there is something to prove */
    Run(Settings settings, Plan plan, Path folder, PrintStream out) {
        this.settings = settings;
        this.plan = plan;
        this.folder = folder;
        this.report = new Report(out, InstantSource.system());
    }

    /** Runs, prints, and returns what was found. */
    List<Violation> run() throws Exception {
        long begin = System.nanoTime();
        report.plain("seed " + settings.seed() + ": " + plan.kills() + " kills of a relay in "
                + plan.steps().size()
                + " steps, " + settings.relays() + " relay(s), " + settings.nodes() + " nats-server(s) of line "
                + settings.natsLine() + ", " + settings.tenants() + " tenants, settle mode "
                + settings.settle().name().toLowerCase(Locale.ROOT) + ", duplicate window "
                + Plan.DUPLICATE_WINDOW.toMillis() + " ms"
                + (settings.broken().equals("none") ? "" : ", WITHOUT THE " + settings.broken()));
        try (Stage stage = Stage.open(settings, folder)) {
            boolean ended = false;
            try {
                report.plain(stage.versions());
                torture(stage);
                ended = true;
            } catch (Stage.Stalled e) {
                report.violation(new Violation(Kind.STALLED, "", String.valueOf(e.getMessage())));
                Evidence.confessions(folder, stage);
            } finally {
                if (!ended || settings.keep() || !report.violations().isEmpty()) {
                    Evidence.logs(folder, stage);
                    Evidence.violations(folder, settings, report.violations());
                }
            }
        }
        report.table(census, Duration.ofNanos(System.nanoTime() - begin));
        return report.violations();
    }

    private void torture(Stage stage) throws Exception {
        Tenants tenants = Tenants.of(settings.tenants());
        stage.relays().forEach(Instance::start);
        prelude(stage);
        try (Writers writers = Writers.start(stage.postgres(), tenants, settings.seed(), settings.rate());
                Operators operators = new Operators(stage.postgres(), folder, settings.seed());
                PolicyEdits policies = new PolicyEdits(stage.postgres(), tenants, settings.seed());
                StreamFaults streams = new StreamFaults(stage, report, tenants, writers, operators)) {
            stage.awaitHealth(report);
            if (plan.hasStreamFaults()) {
                operators.start();
                policies.start();
            }
            new Faults(stage, report, streams).run(plan);
            writers.stop();
            report.line("writers stopped, " + writers.rows.get() + " rows committed; draining");
            census(writers);
            if (plan.hasStreamFaults()) {
                policies.finish();
                census.count("edits of policies", policies.edits.get());
                census.count("tenants paused by one", policies.pauses.get());
            }
            drain(stage, streams);
            if (plan.hasStreamFaults()) {
                operators.finish();
                census(streams, operators);
            }
            compare(stage, streams);
        }
        end(stage);
    }

    private void census(StreamFaults streams, Operators operators) {
        census.count("faults of a stream in which its tenant was parked", streams.parked());
        census.count("streams archived and deleted", streams.replaced());
        census.count("messages in archives", streams.archived());
        census.count("dlq commands", operators.commands.get());
        census.count("dlq commands beside another one for the same letters", operators.contended.get());
        census.count("dlq commands that failed", operators.failed.get());
        census.count("letters handed over for a replay", operators.handedOver.get());
        census.count("letters discarded", operators.discards.get());
    }

    /** One tenant owns its stream before another one, whose id differs by case only, writes anything. */
    private static void prelude(Stage stage) throws SQLException, IOException {
        Rows rows = new Rows(new java.util.SplittableRandom(1));
        try (java.sql.Connection writer = stage.postgres().connect(dev.outboxrelay.testing.TestPostgres.WRITER);
                StreamReader streams = new StreamReader(stage.nats().urls())) {
            writer.setAutoCommit(false);
            String tx = new UUID(0, 1).toString();
            List<Row> first = List.of(rows.plain(Tenants.OWNER));
            Ledger.insert(writer, tx, 0, first);
            Ledger.number(writer, tx, first);
            writer.commit();
            String stream = stream(Tenants.OWNER);
            boolean unused = stage.await(
                    "stream " + stream + " holds its first message",
                    () -> streams.sizes().getOrDefault(stream, 0L) == 1 ? true : null);
        }
    }

    private void census(Writers writers) {
        census.count("transactions committed", writers.transactions.get());
        census.count("transactions rolled back", writers.rolledBack.get());
        census.count("commits in doubt, looked up", writers.inDoubt.get());
        census.count("writers' connections broken", writers.broken.get());
        census.count("rows committed (with the first)", writers.rows.get() + 1);
    }

    /**
     * Waits until the slot is confirmed up to here: whatever is not in its place then is not on its way either, but for
     * what a broken relay confirms too early, which gets a little more time.
     */
    private void drain(Stage stage, StreamFaults operated) throws Exception {
        try (TableReader tables = new TableReader(stage.postgres(), SLOT);
                StreamReader streams = new StreamReader(stage.nats().urls())) {
            String end = stage.walEnd();
            if (!becomes(stage, DRAIN, () -> stage.isConfirmed(end))) {
                report.violation(new Violation(
                        Kind.STALLED,
                        "",
                        "after " + DRAIN.toMinutes() + " minutes the slot is not confirmed up to " + end));
                Evidence.confessions(folder, stage);
            }
            boolean unused = becomes(stage, GRACE, () -> isComplete(tables, streams, operated.archived()));
        }
    }

    private static boolean isComplete(TableReader tables, StreamReader streams, long archived) throws Exception {
        return tables.count("SELECT count(*) FROM lab.event WHERE reason IS NULL")
                        <= archived
                                + tables.count("SELECT count(*) FROM outbox.dead_letter d JOIN lab.event e"
                                        + " ON e.id = d.event_id WHERE e.reason IS NULL"
                                        + " AND d.state IN ('dead', 'discarded')")
                                + streams.sizes().values().stream()
                                        .mapToLong(Long::longValue)
                                        .sum()
                && tables.count("SELECT count(*) FROM lab.event WHERE reason IS NOT NULL")
                        <= tables.count("SELECT count(*) FROM outbox.dead_letter");
    }

    private boolean becomes(Stage stage, Duration atMost, Await.Condition condition) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (System.nanoTime() < deadline) {
            stage.revive(report);
            try {
                if (condition.holds()) {
                    return true;
                }
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception e) {
                report.line("not to be seen at the moment: " + e.getMessage());
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        return false;
    }

    private void compare(Stage stage, StreamFaults operated) throws Exception {
        stage.postgres().execute("ANALYZE"); // joins of thousands of letters, which nobody has counted yet
        try (TableReader tables = new TableReader(stage.postgres(), SLOT);
                StreamReader streams = new StreamReader(stage.nats().urls())) {
            long rows = 0;
            long messages = 0;
            long late = 0;
            int place = 0;
            StringBuilder perTenant = new StringBuilder();
            Set<String> unread = new TreeSet<>(streams.names());
            Set<String> there = Set.copyOf(unread);
            for (String tenant : tables.tenants()) {
                List<Expected> expected = tables.rows(tenant);
                String name = stream(tenant);
                boolean owns = there.contains(name) && !tenant.equals(Tenants.CONFLICTING);
                StreamContents stream = owns ? streams.read(name) : null;
                unread.remove(owns ? name : "");
                Checker checker = new Checker(tenant, SLOT, settings.settle(), tables::tenantOf);
                List<Violation> found = checker.check(expected, stream, operated.of(tenant));
                late += checker.late();
                found.forEach(report::violation);
                if (!found.isEmpty()) {
                    Evidence.tenant(folder, place, expected, stream, operated.of(tenant));
                }
                rows += expected.size();
                messages += stream == null ? 0 : stream.messages().size();
                perTenant.append(place == 0 ? "" : " ").append(expected.size());
                place++;
            }
            unread.forEach(stream ->
                    report.violation(new Violation(Kind.NOT_COMMITTED, "", "stream " + stream + " is nobody's")));
            totals(tables, rows);
            census.count("tenants, odd ones too", place);
            census.text("rows per tenant", perTenant.toString());
            census.count("messages in the streams", messages);
            census.count("sent by a leader, stored after its successor's first", late);
            census.count("dead letters", tables.count("SELECT count(*) FROM outbox.dead_letter"));
            census.text("dead letters by reason", reasons(tables));
            census.count("terms of leadership", tables.count("SELECT coalesce(max(term), 0) FROM outbox.leader"));
        }
    }

    private void totals(TableReader tables, long rows) throws SQLException {
        long noted = tables.count("SELECT count(*) FROM lab.event");
        long inserted = tables.count("SELECT count(*) FROM outbox.message");
        long emitted = tables.count("SELECT count(*) FROM lab.event WHERE id LIKE '" + Expected.EMITTED + "%'");
        census.count("of them emitted, without a row", emitted);
        long strays = tables.count("SELECT count(*) FROM outbox.dead_letter d WHERE NOT EXISTS"
                + " (SELECT FROM lab.event e WHERE e.id = d.event_id)");
        if (strays > 0) {
            report.violation(new Violation(Kind.NOT_COMMITTED, "", strays + " dead letters of no committed row"));
        }
        if (noted != rows || (settings.settle() != Settle.DELETE && inserted + emitted != rows)) {
            report.violation(new Violation(
                    Kind.HARNESS,
                    "",
                    noted + " rows noted, " + inserted + " in the outbox, " + emitted + " emitted, " + rows
                            + " compared"));
        }
        String counted = census.rows().get("rows committed (with the first)");
        String found = String.format(Locale.ROOT, "%,d", rows);
        if (counted != null && !counted.equals(found)) {
            report.violation(new Violation(
                    Kind.HARNESS, "", "writers committed " + counted + " rows, the tables have " + found));
        }
    }

    private static String reasons(TableReader tables) throws SQLException {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Long> reason : tables.reasons().entrySet()) {
            text.append(text.length() == 0 ? "" : ", ")
                    .append(reason.getKey())
                    .append(' ')
                    .append(reason.getValue());
        }
        return text.toString();
    }

    /** Relays end as they are asked to. */
    private void end(Stage stage) throws InterruptedException {
        for (Instance relay : new HashSet<>(stage.relays())) {
            int exit = relay.terminate(Duration.ofSeconds(30));
            if (exit != 0) {
                report.violation(
                        new Violation(Kind.RELAY_ENDED, "relay " + relay.name(), "exit code " + exit + " at the end"));
            }
        }
    }

    private static String stream(String tenant) {
        return "TENANT_" + tenant.toUpperCase(Locale.ROOT);
    }
}

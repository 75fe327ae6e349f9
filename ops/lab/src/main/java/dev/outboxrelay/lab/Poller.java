package dev.outboxrelay.lab;

import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * What many write for themselves: workers take rows with SKIP LOCKED, publish them, await the PubAcks and mark the rows
 * in the same transaction. It keeps no order, and whoever dies before the commit publishes twice.
 */
record Poller() implements Storing {

    private static final int WORKERS = 4;
    private static final int BATCH = 500;
    private static final long ACK_SECONDS = 30;

    private static final String SELECT =
            "SELECT id, tenant_id, subject, payload FROM outbox.message WHERE status = 'pending'"
                    + " ORDER BY seq LIMIT " + BATCH + " FOR UPDATE SKIP LOCKED";
    private static final String MARK =
            "UPDATE outbox.message SET status = 'published', published_at = now() WHERE id = ANY (?)";

    @Override
    public String key() {
        return "f";
    }

    @Override
    public String title() {
        return "(f) SKIP LOCKED poller, mark";
    }

    @Override
    public Load share(Load load) {
        return load.quarter();
    }

    @Override
    public String unsettled() {
        return "SELECT FROM outbox.message WHERE status <> 'published'";
    }

    @Override
    public Mover start(Servers servers, Load load, SlotCopy slot) throws Exception {
        // without one every batch would read the whole table
        servers.postgres()
                .execute("CREATE INDEX IF NOT EXISTS bench_pending ON outbox.message (seq) WHERE status = 'pending'");
        return ChildJvm.start(
                Poller.class,
                List.of(
                        servers.postgres().jdbcUrl(),
                        servers.postgres().password(TestPostgres.RELAY),
                        servers.nats().url()));
    }

    @Override
    public Measured drain(Servers servers, Load load) throws Exception {
        try {
            return Storing.super.drain(servers, load);
        } finally {
            servers.postgres().execute("DROP INDEX IF EXISTS outbox.bench_pending");
        }
    }

    /** The process: JDBC URL, password, NATS address. It stays until its stdin ends. */
    public static void main(String[] arguments) throws Exception {
        Connection nats = PublishLoop.connect(arguments[2]);
        ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
        Callable<Long> worker = () -> work(arguments[0], arguments[1], nats.jetStream());
        List<Future<Long>> all = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            all.add(workers.submit(worker));
        }
        for (Future<Long> each : all) {
            System.out.println("a worker moved " + each.get() + " rows");
        }
        int unused = System.in.read();
        workers.shutdown();
        nats.close();
    }

    /** Until nothing is left that no other worker has. */
    private static long work(String url, String password, JetStream jetStream) throws Exception {
        try (java.sql.Connection database = DriverManager.getConnection(url, TestPostgres.RELAY, password)) {
            database.setAutoCommit(false);
            try (PreparedStatement select = database.prepareStatement(SELECT);
                    PreparedStatement mark = database.prepareStatement(MARK)) {
                long moved = 0;
                while (true) {
                    List<UUID> ids = publish(select, jetStream);
                    if (ids.isEmpty()) {
                        return moved;
                    }
                    mark.setArray(1, database.createArrayOf("uuid", ids.toArray()));
                    int marked = mark.executeUpdate();
                    if (marked != ids.size()) {
                        throw new IllegalStateException(marked + " of " + ids.size() + " rows marked");
                    }
                    database.commit();
                    moved += marked;
                }
            }
        }
    }

    private static List<UUID> publish(PreparedStatement select, JetStream jetStream) throws Exception {
        List<UUID> ids = new ArrayList<>(BATCH);
        List<CompletableFuture<PublishAck>> answers = new ArrayList<>(BATCH);
        try (ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                UUID id = rows.getObject(1, UUID.class);
                String tenant = rows.getString(2);
                Headers headers = new Headers();
                headers.put("Nats-Msg-Id", id.toString());
                headers.put("Outbox-Tenant", tenant);
                answers.add(jetStream.publishAsync(
                        "tenant." + tenant + "." + rows.getString(3), headers, rows.getBytes(4)));
                ids.add(id);
            }
        }
        for (CompletableFuture<PublishAck> answer : answers) {
            PublishAck unused = answer.get(ACK_SECONDS, TimeUnit.SECONDS);
        }
        return ids;
    }
}

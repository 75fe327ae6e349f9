package dev.outboxrelay.lab.torture;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The servers and the relays of a run. */
final class Stage implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Duration CATCH_UP = Duration.ofMinutes(5);

    private final Settings settings;
    private final TestPostgres postgres;
    private final TestNats nats;
    private final List<Instance> relays = new ArrayList<>();
    private final ReentrantLock servers = new ReentrantLock();
    private volatile @Nullable Instance last;

    private Stage(Settings settings, TestPostgres postgres, TestNats nats) {
        this.settings = settings;
        this.postgres = postgres;
        this.nats = nats;
    }

    /** Starts servers of its own, with the schema, the ledger and one stream that takes small messages only. */
    static Stage open(Settings settings, Path folder) throws SQLException, IOException {
        TestPostgres postgres = TestPostgres.start(
                PostgresOptions.defaults().with("track_commit_timestamp", "on").with("shared_buffers", "128MB"));
        TestNats nats;
        try {
            nats = TestNats.cluster(
                    settings.nodes(),
                    NatsOptions.defaults()
                            .ofLine(settings.natsLine())
                            .withoutGossip()
                            .with("max_payload: " + Rows.MAX_PAYLOAD));
        } catch (RuntimeException | AssertionError e) {
            postgres.close();
            throw e;
        }
        Stage stage = new Stage(settings, postgres, nats);
        try {
            postgres.installSchema();
            // the slot counts as known: no row is ever to be read from the table, whatever is killed
            postgres.execute("INSERT INTO outbox.backlog (slot, state) VALUES ('outbox_relay', 'done')");
            Ledger.install(postgres);
            if (settings.settle() == Settle.DELETE) {
                postgres.execute("GRANT DELETE ON outbox.message TO outbox_relay");
            }
            stage.limitedStream();
            for (int i = 0; i < settings.relays(); i++) {
                String name = String.valueOf((char) ('a' + i));
                stage.relays.add(
                        new Instance(name, folder.resolve("relay-" + name + ".log"), postgres, nats, settings));
            }
            return stage;
        } catch (SQLException | IOException | RuntimeException | AssertionError e) {
            stage.close();
            throw e;
        }
    }

    private void limitedStream() throws IOException {
        StreamConfiguration configuration = StreamConfiguration.builder()
                .name("TENANT_" + Tenants.LIMITED.toUpperCase(java.util.Locale.ROOT))
                .subjects("tenant." + Tenants.LIMITED + ".>")
                .storageType(StorageType.File)
                .replicas(settings.nodes())
                .duplicateWindow(Plan.DUPLICATE_WINDOW)
                .maximumMessageSize(Rows.LIMIT)
                .metadata(Map.of("outbox.tenant", Tenants.LIMITED))
                .build();
        try {
            Connection client = nats.connection();
            var unused = client.jetStreamManagement().addStream(configuration);
        } catch (JetStreamApiException e) {
            throw new IOException("cannot create a stream: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** What everything runs on, for the record. */
    String versions() throws SQLException, IOException, InterruptedException {
        return "PostgreSQL " + value("SHOW server_version") + ", nats-server "
                + nats.connection().getServerInfo().getVersion() + ", JDK "
                + Runtime.version().feature() + ", "
                + Runtime.getRuntime().availableProcessors() + " processors for everything";
    }

    /** Who breaks a server holds it, and who does something that wants all of them. */
    ReentrantLock servers() {
        return servers;
    }

    Settings settings() {
        return settings;
    }

    TestPostgres postgres() {
        return postgres;
    }

    TestNats nats() {
        return nats;
    }

    List<Instance> relays() {
        return relays;
    }

    /** Who leads at this moment. */
    Optional<Instance> leader() throws InterruptedException {
        return leaderAmong(relays);
    }

    /** Who of these leads at this moment; a frozen one would keep the answer waiting. */
    Optional<Instance> leaderAmong(Collection<Instance> some) throws InterruptedException {
        for (Instance relay : some) {
            if (relay.leads()) {
                return Optional.of(relay);
            }
        }
        return Optional.empty();
    }

    /** Who leads, or led last: a fault does not wait until somebody does. */
    Instance leaderOrLast() throws InterruptedException {
        Optional<Instance> found = leader();
        found.ifPresent(relay -> last = relay);
        return found.orElse(last == null ? relays.get(0) : last);
    }

    /** Waits until one leads and publishes and the others stand by; starts again whatever ended by itself. */
    void awaitHealth(Report report) {
        Instance leader = await("one relay leads and the others stand by", () -> {
            revive(report);
            Optional<Instance> found = leader();
            for (Instance relay : relays) {
                if (found.isEmpty() || (relay != found.get() && !relay.standsBy())) {
                    return null;
                }
            }
            return found.orElse(null);
        });
        last = leader;
        awaitMore(leader, publishedBy(leader));
    }

    /** Waits until a relay has published more than it had. */
    void awaitMore(Instance relay, double before) {
        boolean unused = await("relay " + relay.name() + " publishes", () -> relay.published() > before ? true : null);
    }

    /** Waits until the slot is confirmed up to what is in the WAL now, and says how long it took. */
    Duration awaitConfirmed() throws SQLException {
        long begin = System.nanoTime();
        String end = walEnd();
        boolean unused =
                await("the slot is confirmed up to " + end, CATCH_UP, () -> isConfirmed(end) ? Boolean.TRUE : null);
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    /** Where the WAL ends. */
    String walEnd() throws SQLException {
        return value("SELECT pg_current_wal_lsn()");
    }

    /** Whether the slot is confirmed up to a place in the WAL. */
    boolean isConfirmed(String lsn) throws SQLException {
        return value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + Run.SLOT
                        + "' AND confirmed_flush_lsn >= '" + lsn + "'")
                .equals("1");
    }

    private String value(String sql) throws SQLException {
        try (java.sql.Connection connection = postgres.superuser();
                java.sql.Statement statement = connection.createStatement();
                java.sql.ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    double publishedBy(Instance relay) {
        try {
            return relay.published();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A relay that gave up is a violation; an orchestrator would start it again, and so does this. */
    void revive(Report report) {
        for (Instance relay : relays) {
            if (relay.endedByItself()) {
                report.violation(new Violation(
                        Violation.Kind.RELAY_ENDED, "relay " + relay.name(), "exit code " + relay.exitValue()));
                relay.start();
            }
        }
    }

    <T> T await(String what, Await.Source<T> source) {
        return await(what, PATIENCE, source);
    }

    <T> T await(String what, Duration patience, Await.Source<T> source) {
        try {
            return Await.value(what, patience, source);
        } catch (AssertionError e) {
            throw new Stalled(String.valueOf(e.getMessage()), e);
        }
    }

    /** Something that should have happened did not. */
    static final class Stalled extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Stalled(String message, Throwable cause) {
            super(message, cause);
        }
    }

    @Override
    public void close() {
        relays.forEach(Instance::close);
        nats.close();
        postgres.close();
    }
}

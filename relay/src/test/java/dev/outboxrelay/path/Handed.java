package dev.outboxrelay.path;

import dev.outboxrelay.config.Reader;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Endpoint;
import dev.outboxrelay.source.DebeziumSource;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A source that runs and remembers what it hands over; it never confirms anything. Close it to stop it. */
final class Handed implements DebeziumSource.Handler, AutoCloseable {

    /** A row with its values described by kind and content; of a logical message its content alone. */
    record Row(TableName table, Origin origin, Map<String, String> values) {}

    private final Outbox outbox;
    private final String slot;
    private final Map<TableName, TableMapping> mappings;
    private final DebeziumSource source;
    private final List<Row> rows = new ArrayList<>();
    private final List<Lsn> passed = new ArrayList<>();
    private final List<String> policies = new ArrayList<>();
    private @Nullable Throwable failure;

    private Handed(Outbox outbox, String slot, Settings settings) {
        this.outbox = outbox;
        this.slot = slot;
        this.mappings =
                settings.source().all().stream().collect(Collectors.toMap(TableMapping::name, Function.identity()));
        Endpoint endpoint =
                new Endpoint(outbox.postgres().host(), outbox.postgres().port(), outbox.database(), Map.of());
        this.source = new DebeziumSource(
                settings,
                endpoint,
                Map.of(
                        "user",
                        settings.postgres().user(),
                        "password",
                        settings.postgres().login().password().reveal()),
                "outbox_relay",
                this);
    }

    static Handed start(Outbox outbox, String slot, Reader reader, Map<String, String> more) {
        Map<String, String> texts = new TreeMap<>(
                RelayRig.texts(outbox.url(), outbox.postgres().password(TestPostgres.RELAY), "nats://localhost:4222"));
        texts.put("outbox.postgres.slot", slot);
        texts.put("outbox.source.reader", reader.name().toLowerCase(Locale.ROOT));
        texts.putAll(more);
        Handed handed = new Handed(outbox, slot, RelayRig.settings(texts));
        handed.source.start();
        return handed;
    }

    @Override
    public Lsn owned() {
        try (var superuser = outbox.superuser();
                var statement = superuser.createStatement();
                var result = statement.executeQuery(
                        "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" + slot + "'")) {
            result.next();
            return Lsn.parse(result.getString(1));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public synchronized void changes(List<Change> changes) {
        for (Change change : changes) {
            if (change instanceof Change.Passed position) {
                passed.add(position.lsn());
            } else if (change instanceof Change.PolicyChanged policy) {
                policies.add(rows.size() + " rows, then " + policy);
            } else if (change instanceof Change.Emitted message) {
                String content = describe(message.content().bytes());
                rows.add(new Row(TableName.OUTBOX_EMIT, message.origin(), Map.of("content", content)));
            } else if (change instanceof Change.Inserted row) {
                Map<String, String> values = new TreeMap<>();
                TableMapping mapping = mappings.get(row.table());
                if (mapping == null) {
                    throw new IllegalStateException("a row of " + row.table());
                }
                mapping.columns()
                        .forEach(column ->
                                values.put(column, describe(row.columns().get(column))));
                rows.add(new Row(row.table(), row.origin(), values));
            }
        }
    }

    /** What the decoder can tell apart, and no more. */
    private static String describe(@Nullable Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof byte[] bytes) {
            return "bytes " + HexFormat.of().formatHex(bytes);
        }
        if (value instanceof String) {
            return "text " + value;
        }
        return value instanceof Number || value instanceof Boolean ? "value " + value : "something else";
    }

    @Override
    public Lsn confirmable() {
        return Lsn.NONE;
    }

    @Override
    public synchronized void stopped(Optional<Throwable> error) {
        failure = error.orElse(null);
    }

    /** Waits until everything before a position has been handed over. */
    void awaitPassed(String lsn) {
        Lsn position = Lsn.parse(lsn);
        Await.until(slot + " is read up to " + lsn, Duration.ofSeconds(60), () -> {
            if (source.hasEnded()) {
                throw new IllegalStateException("the source ended", failure());
            }
            return hasPassed(position);
        });
    }

    /** Waits until the source has failed, and says why. */
    Throwable awaitFailure() {
        Await.until(slot + " fails", Duration.ofSeconds(60), () -> failure() != null);
        return Objects.requireNonNull(failure());
    }

    /** The command that started the slot's stream. */
    String startCommand() throws SQLException {
        try (var superuser = outbox.superuser();
                var statement = superuser.createStatement();
                var result = statement.executeQuery("SELECT a.query FROM pg_replication_slots s JOIN pg_stat_activity a"
                        + " ON a.pid = s.active_pid WHERE s.slot_name = '" + slot + "'")) {
            return result.next() ? result.getString(1) : "";
        }
    }

    private synchronized @Nullable Throwable failure() {
        return failure;
    }

    private synchronized boolean hasPassed(Lsn position) {
        return !passed.isEmpty() && position.isAtOrBefore(passed.get(passed.size() - 1));
    }

    synchronized List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Changed policies, each with the number of rows before it. */
    synchronized List<String> policies() {
        return List.copyOf(policies);
    }

    synchronized List<Lsn> passed() {
        return List.copyOf(passed);
    }

    @Override
    public void close() throws InterruptedException {
        source.stop();
    }
}

package dev.outboxrelay.lab;

import static dev.outboxrelay.lab.IsolationReport.say;

import dev.outboxrelay.lab.IsolationReport.Phase;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Tenants that appear while others are at work: each newcomer's stream and its two durable consumers have to be made.
 * First so many within a minute, then as many in one transaction.
 */
@Command(
        name = "newcomers",
        showDefaultValues = true,
        description = {
            "Many new tenants beside existing ones: what those wait, and what the newcomers' first events wait.",
            "Exit code 1 if the existing tenants' p99 grows by more than is allowed, or if anything is missing."
        })
final class NewcomersBench implements Callable<Integer> {

    private static final String OLD = "old-";

    /** While they are spread over a minute, and before and after. */
    private static final double MOST_MORE_MILLIS = 20;

    /** While all streams are made at once, which takes all that the machine has. */
    private static final double MOST_AT_ONCE_MILLIS = 200;

    @Option(names = "--newcomers", defaultValue = "1000", description = "Twice: spread, then at once.")
    private int newcomers;

    @Option(names = "--within-seconds", defaultValue = "60")
    private int seconds;

    @Option(names = "--tenants", defaultValue = "20", description = "Existing ones.")
    private int tenants;

    @Option(names = "--rate", defaultValue = "10", description = "Events a second of each existing tenant.")
    private int rate;

    @Option(names = "--quiet-seconds", defaultValue = "30", description = "Before and after.")
    private int quietSeconds;

    private boolean failed;

    @Override
    public Integer call() throws Exception {
        try (Servers servers = Servers.start();
                RelayProcess relay = servers.relay("", settings())) {
            relay.awaitReady();
            say("%s", Machine.describe(servers));
            say(
                    "%d existing tenants with %d events/s each, 500 bytes; %,d new tenants with one event, a stream and two"
                            + " durable consumers each",
                    tenants, rate, newcomers);
            StoredMessages stored = new StoredMessages(servers.nats().connection());
            try (SteadyWriter existing = existing(servers)) {
                TimeUnit.SECONDS.sleep(quietSeconds); // compiles what will be hot, and makes their streams
                measure(servers, stored, existing);
            }
            return failed ? 1 : 0;
        }
    }

    private static Map<String, String> settings() {
        return Map.of(
                "outbox.consumers[0].name", "billing",
                "outbox.consumers[0].tenants", "*",
                "outbox.consumers[1].name", "audit",
                "outbox.consumers[1].tenants", "*");
    }

    private SteadyWriter existing(Servers servers) {
        byte[] payload = new byte[500];
        return SteadyWriter.start(servers.postgres(), tenants * rate, 1, (insert, number) -> {
            insert.setString(1, OLD + number % tenants);
            insert.setString(2, "events.bench.row");
            insert.setBytes(3, payload);
            insert.setString(4, null);
        });
    }

    private void measure(Servers servers, StoredMessages stored, SteadyWriter existing) throws Exception {
        long[] behind = new long[tenants];
        for (int i = 0; i < tenants; i++) {
            behind[i] = stored.last(OLD + i);
        }
        List<Phase> phases = new ArrayList<>();
        phases.add(quietly("before"));
        phases.add(appear(servers, "spread", newcomers / seconds, 1, seconds));
        phases.add(quietly("between"));
        phases.add(appear(servers, "at-once", newcomers, newcomers, 1));
        phases.add(quietly("after"));
        long written = existing.stop();
        Await.until("every event of the existing tenants is stored", Duration.ofMinutes(5), () -> {
            long sum = 0;
            for (int i = 0; i < tenants; i++) {
                sum += stored.last(OLD + i);
            }
            return sum == written;
        });
        List<StoredMessages.Timed> events = new ArrayList<>();
        for (int i = 0; i < tenants; i++) {
            stored.times(OLD + i, behind[i], events::add);
        }
        double usual = 0;
        for (Phase phase : phases) {
            Latencies latencies = Latencies.of(events.stream()
                    .filter(event -> phase.contains(event.committed()))
                    .map(StoredMessages.Timed::millis)
                    .toList());
            say("existing tenants  %-9s %s", phase.name(), latencies);
            if (phase.name().equals("before")) {
                usual = latencies.p99();
            } else {
                double most = phase.name().equals("at-once") ? MOST_AT_ONCE_MILLIS : MOST_MORE_MILLIS;
                boolean passed = latencies.p99() <= usual + most;
                failed |= !passed;
                say("%s   p99 at most %.0f ms above what it was before", passed ? "PASS" : "FAIL", most);
            }
        }
        newcomers(stored, "spread");
        newcomers(stored, "at-once");
    }

    private Phase quietly(String name) throws InterruptedException {
        Instant from = Instant.now();
        TimeUnit.SECONDS.sleep(quietSeconds);
        return new Phase(name, from, Instant.now());
    }

    /** New tenants, until each has its event and its consumers. */
    private Phase appear(Servers servers, String name, int perSecond, int transaction, int patience) throws Exception {
        Instant from = Instant.now();
        byte[] payload = new byte[500];
        long written = SteadyWriter.write(
                servers.postgres(),
                Math.max(1, perSecond),
                transaction,
                newcomers,
                Duration.ofSeconds(patience + 10L),
                (insert, number) -> {
                    insert.setString(1, name + '-' + number);
                    insert.setString(2, "events.bench.row");
                    insert.setBytes(3, payload);
                    insert.setString(4, null);
                });
        Instant last = Instant.now();
        policyMeanwhile(servers, name);
        if (written != newcomers) {
            failed = true;
            say("FAIL   %s: %,d of %,d new tenants could be written", name, written, newcomers);
        }
        Await.until(
                name + ": every new tenant's event is published",
                Duration.ofMinutes(5),
                () -> servers.value("SELECT count(*) FROM outbox.message WHERE tenant_id LIKE '" + name
                                + "-%' AND status = 'published'")
                        .equals(Long.toString(written)));
        Instant end = Instant.now();
        say(
                "%-9s %,d new tenants written within %.1f s; the last event was marked %.1f s later",
                name, written, millis(from, last) / 1_000.0, millis(last, end) / 1_000.0);
        return new Phase(name, from, end);
    }

    /** A policy of an existing tenant is changed: how long until its stream is so. */
    private void policyMeanwhile(Servers servers, String name) throws Exception {
        String tenant = OLD + 0;
        Duration age = Duration.ofDays(name.length());
        StoredMessages stored = new StoredMessages(servers.nats().connection());
        Instant from = Instant.now();
        servers.postgres()
                .execute("INSERT INTO outbox.tenant (tenant_id, max_age) VALUES ('" + tenant + "', '" + age.toDays()
                        + " days') ON CONFLICT (tenant_id) DO UPDATE SET max_age = excluded.max_age");
        Await.until(
                "the stream of " + tenant + " is as its policy says",
                Duration.ofMinutes(1),
                () -> stored.info(tenant).getConfiguration().getMaxAge().equals(age));
        say("%-9s an existing tenant's policy is on the server after %,d ms", name, millis(from, Instant.now()));
    }

    private static long millis(Instant from, Instant to) {
        return Duration.between(from, to).toMillis();
    }

    private void newcomers(StoredMessages stored, String name) throws Exception {
        List<Double> millis = new ArrayList<>();
        int consumers = 0;
        for (int i = 0; i < newcomers; i++) {
            String tenant = name + '-' + i;
            stored.times(tenant, 0, event -> millis.add(event.millis()));
            List<String> names = stored.client().jetStreamManagement().getConsumerNames(StoredMessages.stream(tenant));
            consumers += (names.contains("billing") ? 1 : 0) + (names.contains("audit") ? 1 : 0);
        }
        say("new tenants       %-9s %s, %,d consumers", name, Latencies.of(millis), consumers);
        if (millis.size() != newcomers || consumers < 2 * newcomers) {
            failed = true;
            say("FAIL   %s: an event for each of %,d, and two consumers, are asked for", name, newcomers);
        }
    }
}

package dev.outboxrelay.streams;

import dev.outboxrelay.check.NatsFacts.Probe;
import dev.outboxrelay.check.NatsFacts.Probe.Outcome;
import dev.outboxrelay.config.Provision;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Subscription;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Finds out in fact what this user may do, without doing it: requests are about a stream that does not exist, and those
 * that could make one name another in their body than in their subject, which the server refuses whoever asks.
 */
final class NatsProbes {

    /** A stream that nobody has: no tenant's name leads to it. */
    private static final String NOWHERE = "OUTBOX_RELAY_CHECK";

    private static final String MISMATCH = "{\"name\":\"" + NOWHERE + "_MISMATCH\"}";

    private static final String CONSUMER_MISMATCH =
            "{\"stream_name\":\"" + NOWHERE + "_MISMATCH\",\"config\":{\"name\":\"check\",\"durable_name\":\"check\"}}";

    private static final String VIOLATION = "permissions violation";

    private final Connection connection;
    private final Duration patience;

    NatsProbes(Connection connection, Duration patience) {
        this.connection = connection;
        this.patience = patience;
    }

    /** Every kind of request that a relay makes. */
    List<Probe> requests(Provision provision) throws InterruptedException {
        List<Probe> probes = new ArrayList<>();
        probes.add(request("$JS.API.INFO", ""));
        probes.add(request("$JS.API.STREAM.LIST", ""));
        probes.add(request("$JS.API.STREAM.INFO." + NOWHERE, ""));
        probes.add(request("$JS.API.STREAM.MSG.GET." + NOWHERE, "{\"seq\":1}"));
        probes.add(request("$JS.API.CONSUMER.LIST." + NOWHERE, ""));
        if (provision == Provision.MANAGE) {
            probes.add(request("$JS.API.STREAM.CREATE." + NOWHERE, MISMATCH));
            probes.add(request("$JS.API.STREAM.UPDATE." + NOWHERE, MISMATCH));
            probes.add(request("$JS.API.CONSUMER.CREATE." + NOWHERE + ".check", CONSUMER_MISMATCH));
            probes.add(request("$JS.API.CONSUMER.CREATE." + NOWHERE + ".check.tenant.check.a", CONSUMER_MISMATCH));
        }
        return List.copyOf(probes);
    }

    /** The server's refusal comes before its answer to a ping, so nobody waits for a request that it has dropped. */
    private Probe request(String subject, String body) throws InterruptedException {
        connection.clearLastError();
        CompletableFuture<Message> answer =
                connection.requestWithTimeout(subject, body.getBytes(StandardCharsets.UTF_8), patience);
        if (isRefused()) {
            answer.cancel(false);
            return new Probe(subject, Outcome.DENIED);
        }
        try {
            answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return new Probe(subject, Outcome.ALLOWED);
        } catch (ExecutionException | TimeoutException | CancellationException e) {
            return new Probe(subject, isViolation() ? Outcome.DENIED : Outcome.SILENT);
        }
    }

    /** Every kind of subject that a relay listens to. */
    List<Probe> subscriptions() throws InterruptedException {
        List<Probe> probes = new ArrayList<>();
        for (String subject : List.of(
                connection.createInbox(),
                "$JS.EVENT.ADVISORY.STREAM.UPDATED.>",
                "$JS.EVENT.ADVISORY.STREAM.DELETED.>",
                "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.*.*",
                "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.*.*")) {
            connection.clearLastError();
            Subscription subscription = connection.subscribe(subject);
            boolean refused = isRefused();
            subscription.unsubscribe();
            probes.add(new Probe(
                    subject.startsWith("$JS") ? subject : "_INBOX.>", refused ? Outcome.DENIED : Outcome.ALLOWED));
        }
        return List.copyOf(probes);
    }

    private boolean isRefused() throws InterruptedException {
        try {
            connection.flush(patience);
        } catch (TimeoutException e) {
            return isViolation();
        }
        return isViolation();
    }

    private boolean isViolation() {
        String error = connection.getLastError();
        return error != null && error.toLowerCase(java.util.Locale.ROOT).contains(VIOLATION);
    }
}

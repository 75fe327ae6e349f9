package dev.outboxrelay.publish;

import dev.outboxrelay.config.NatsSettings;
import dev.outboxrelay.tls.Distrust;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gathers why connecting failed: the client library tells it aside, and says itself only that it did. Thread-safe. */
final class ConnectTroubles implements ErrorListener {

    private static final Logger log = LoggerFactory.getLogger(ConnectTroubles.class);
    private static final int MOST = 20;
    private static final long PATIENCE_MILLIS = 1_000;

    private final NatsSettings settings;
    private final Listener listener;
    private final List<Exception> all = new ArrayList<>();
    private final CountDownLatch first = new CountDownLatch(1);
    private String lastSaid = "";

    /** Who is told, as things happen. */
    interface Listener {
        /** The server complains of something that the relay did. */
        void complained(String error);

        /** No agreement on an encrypted connection, a login refused, or a file that cannot be used; each once. */
        void keptOut(String why);
    }

    ConnectTroubles(NatsSettings settings, Listener listener) {
        this.settings = settings;
        this.listener = listener;
    }

    /** One more. */
    void add(Exception e) {
        synchronized (this) {
            if (all.size() < MOST) {
                all.add(e);
            }
        }
        first.countDown();
        describe(e).ifPresent(this::say);
    }

    private void say(String why) {
        synchronized (this) {
            if (why.equals(lastSaid)) {
                return;
            }
            lastSaid = why;
        }
        listener.keptOut(why);
    }

    /** Why it is kept out, in words that help, as long as it is; empty where nothing is known but that it is away. */
    synchronized Optional<String> lastSaid() {
        return Optional.of(lastSaid).filter(said -> !said.isEmpty());
    }

    /** It is there again. */
    synchronized void forget() {
        all.clear();
        lastSaid = "";
    }

    /** Why no server is trusted or trusts the relay; empty where that is not the matter. Waits for the library. */
    Optional<String> distrust() throws InterruptedException {
        boolean unused = first.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        List<Exception> known;
        synchronized (this) {
            known = List.copyOf(all);
        }
        return known.stream().flatMap(e -> describe(e).stream()).findFirst();
    }

    /** The last one, for the end of a sentence. */
    synchronized String shown() {
        if (all.isEmpty()) {
            return "";
        }
        Throwable last = all.get(all.size() - 1);
        while (last.getCause() != null) {
            last = last.getCause();
        }
        String message = last.getMessage();
        return " (" + (message == null ? last.getClass().getSimpleName() : message) + ")";
    }

    private Optional<String> describe(Exception e) {
        String server = "NATS at " + settings.shownUrls();
        String text = "";
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            text += " " + cause.getMessage();
        }
        if (text.contains("SSL required by server")) {
            return Optional.of(
                    server + " wants an encrypted connection\n    mend: write tls:// instead of nats:// into"
                            + " outbox.nats.url, and set outbox.nats.tls.ca-file where its certificate is from a CA of your own");
        }
        if (text.contains("SSL connection wanted by client")) {
            return Optional.of(server + " offers no encryption, and the relay's settings ask for it\n    mend: give the"
                    + " server a block tls { cert_file, key_file }, or leave out tls:// and outbox.nats.tls.*");
        }
        return Distrust.describe(e, settings.tls(), server);
    }

    @Override
    public void errorOccurred(Connection source, String error) {
        // that a login expires is no refusal yet: the file may hold another one already
        if (error.contains("uthorization Violation")
                || (error.contains("uthentication") && !error.contains("xpired"))) {
            say(LoginRemedy.of(settings, error));
        } else {
            listener.complained(error);
        }
    }

    @Override
    public void exceptionOccurred(Connection source, Exception e) {
        log.atDebug().addKeyValue("error", e.getClass().getName()).log("nats client exception");
        add(e);
    }
}

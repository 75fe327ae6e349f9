package dev.outboxrelay.admin;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import dev.outboxrelay.config.AdminAccess;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may ask for what: an answer that says no, or nothing.
 *
 * <p>Against pages of other sites in an operator's browser there are three rules. There is no header that would let
 * them read an answer. On an address of loopback only names of loopback are answered to, or a site could have its own
 * name point there and read as the same origin. And an action is only taken from the page itself or from a program: a
 * browser says in {@code Sec-Fetch-Site} and {@code Origin} where a request comes from, and a token in
 * {@code Authorization} is never sent by itself.
 */
final class Gate {

    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
    private static final long SAY_EVERY_NANOS = 1_000_000_000;

    private final AdminToken token;
    private final boolean tokenForReading;
    private final Set<String> hosts = new HashSet<>();
    private final AtomicLong lastSaid = new AtomicLong(System.nanoTime() - SAY_EVERY_NANOS);

    Gate(String boundTo, AdminAccess access) {
        this.token = new AdminToken(access, System::nanoTime);
        this.tokenForReading = access.tokenForReading();
        hosts.addAll(access.hosts());
        hosts.addAll(List.of("localhost", "127.0.0.1", "::1", boundTo.toLowerCase(Locale.ROOT)));
    }

    /** Whether actions are possible at all. */
    boolean hasToken() {
        return token.isConfigured();
    }

    /** For everything but health: a server on loopback is only spoken to under a name of loopback. */
    Optional<Reply> refuseHost(HttpExchange exchange) {
        String given = exchange.getRequestHeaders().getFirst("Host");
        if (given == null || !isLoopback(exchange.getLocalAddress()) || hosts.contains(nameIn(given))) {
            return Optional.empty();
        }
        say(exchange, "a host name that is not of this server (outbox.admin.hosts)");
        return Optional.of(Reply.text(
                421, "this address is not known under that host name; outbox.admin.hosts can allow more of them\n"));
    }

    /** For what only shows something. */
    Optional<Reply> refuseReading(HttpExchange exchange) {
        return tokenForReading ? refuseWithoutToken(exchange) : Optional.empty();
    }

    /** For what needs the token whatever the settings are. */
    Optional<Reply> refuseWithoutToken(HttpExchange exchange) {
        if (!token.isConfigured()) {
            return Optional.of(Reply.problem(
                    403, "this relay has no token, so nobody may do this here: set outbox.admin.token-file"));
        }
        String shown = exchange.getRequestHeaders().getFirst("Authorization");
        if (token.isShownBy(shown)) {
            return Optional.empty();
        }
        if (shown != null) {
            say(exchange, "a wrong token");
        }
        String challenge = "Bearer realm=\"outbox-relay\"" + (shown == null ? "" : ", error=\"invalid_token\"");
        return Optional.of(Reply.problem(
                        401,
                        shown == null
                                ? "this wants the relay's token: Authorization: Bearer …"
                                : "this is not the relay's token")
                .with("WWW-Authenticate", challenge));
    }

    /** For actions: whoever sends it must not be a page of another site. */
    Optional<Reply> refuseOtherSites(HttpExchange exchange) {
        Headers headers = exchange.getRequestHeaders();
        String site = headers.getFirst("Sec-Fetch-Site");
        String origin = headers.getFirst("Origin");
        String host = headers.getFirst("Host");
        boolean own = site != null
                ? site.equals("same-origin")
                : origin == null
                        || (host != null
                                && origin.replaceFirst("^https?://", "").equalsIgnoreCase(host));
        if (own) {
            return Optional.empty();
        }
        say(exchange, "an action from a page of another site");
        return Optional.of(Reply.problem(403, "actions are not taken from pages of other sites"));
    }

    private static boolean isLoopback(@Nullable InetSocketAddress local) {
        return local != null && local.getAddress() != null && local.getAddress().isLoopbackAddress();
    }

    /** The name in {@code name:port}, {@code [v6]:port}, or either without a port. */
    private static String nameIn(String host) {
        String lower = host.strip().toLowerCase(Locale.ROOT);
        if (lower.startsWith("[")) {
            return lower.substring(1, Math.max(1, lower.indexOf(']')));
        }
        return lower.replaceFirst(":\\d*\\z", "");
    }

    /** Says so, once a second at most: whoever tries must not fill the log. */
    private void say(HttpExchange exchange, String what) {
        long now = System.nanoTime();
        long last = lastSaid.get();
        if (now - last >= SAY_EVERY_NANOS && lastSaid.compareAndSet(last, now)) {
            LOG.atWarn()
                    .addKeyValue("remote", remote(exchange))
                    .addKeyValue("reason", what)
                    .log("admin request refused");
        }
    }

    /** The address that a request came from. */
    static String remote(HttpExchange exchange) {
        InetSocketAddress remote = exchange.getRemoteAddress();
        return remote == null || remote.getAddress() == null
                ? "unknown"
                : remote.getAddress().getHostAddress();
    }
}

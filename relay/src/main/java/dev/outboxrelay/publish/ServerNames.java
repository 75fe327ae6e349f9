package dev.outboxrelay.publish;

import dev.outboxrelay.tls.SecretFileException;
import io.nats.client.impl.NatsServerPool;
import io.nats.client.support.NatsUri;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The client library's own list of servers, which besides knows two things that the library has no place for: which
 * name an address was resolved from, so that a certificate can be checked against it; and a password that may change,
 * which it adds to each address as it is then. Thread-safe, as its parent is.
 */
final class ServerNames extends NatsServerPool {

    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[?[0-9A-Fa-f:.%]*:[0-9A-Fa-f:.%]*]?");

    private final Map<String, String> names = new ConcurrentHashMap<>();
    private final Set<String> configured;
    private final @Nullable String user;
    private final NatsSecrets secrets;

    /** @param user whose password is added; null = nobody's */
    ServerNames(List<String> urls, @Nullable String user, NatsSecrets secrets) {
        this.configured = urls.stream().map(ServerNames::host).collect(Collectors.toUnmodifiableSet());
        this.user = user;
        this.secrets = secrets;
    }

    private static String host(String url) {
        return url.replaceFirst("^[a-z]+://", "")
                .replaceFirst("^.*@", "")
                .replaceFirst("/.*$", "")
                .replaceFirst(":\\d+$", "");
    }

    /**
     * The name that a certificate has to be for. A server of which others told by its address alone, as those of a
     * cluster do, has to have a certificate for a configured name.
     */
    String nameOf(String host) {
        String name = names.get(host);
        if (name != null) {
            return name;
        }
        return configured.contains(host) || !ADDRESS.matcher(host).matches()
                ? host
                : configured.stream()
                        .filter(each -> !ADDRESS.matcher(each).matches())
                        .sorted()
                        .findFirst()
                        .orElse(host);
    }

    @Override
    public @Nullable List<String> resolveHostToIps(String host, boolean onlyOne, boolean alsoIpv6) {
        List<String> addresses = super.resolveHostToIps(host, onlyOne, alsoIpv6);
        if (addresses != null) {
            addresses.forEach(address -> names.put(address, host));
        }
        return addresses;
    }

    @Override
    public @Nullable NatsUri peekNextServer() {
        return withLogin(super.peekNextServer());
    }

    @Override
    public @Nullable NatsUri nextServer() {
        return withLogin(super.nextServer());
    }

    @Override
    public void connectSucceeded(NatsUri server) {
        super.connectSucceeded(withoutLogin(server));
    }

    @Override
    public void connectFailed(NatsUri server) {
        super.connectFailed(withoutLogin(server));
    }

    @SuppressWarnings("UnusedException") // its message holds the address with the password
    private @Nullable NatsUri withLogin(@Nullable NatsUri server) {
        if (server == null || user == null) {
            return server;
        }
        try {
            return new WithLogin(server, encode(user) + ":" + encode(secrets.password()));
        } catch (SecretFileException e) {
            return server; // refused without a password, and tried again: the file is being replaced
        } catch (URISyntaxException e) {
            throw new IllegalStateException("user or password cannot be part of an address"); // encoded, it can
        }
    }

    private static NatsUri withoutLogin(NatsUri server) {
        return server instanceof WithLogin added ? added.bare : server;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The same server, whatever the password: the library pauses when it comes to the same one again. */
    private static final class WithLogin extends NatsUri {

        private final NatsUri bare;

        private WithLogin(NatsUri bare, String login) throws URISyntaxException {
            super(bare.getScheme() + "://" + login + "@" + bare.toString().replaceFirst("^[a-z]+://", ""));
            this.bare = bare;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof WithLogin same && bare.equals(same.bare);
        }

        @Override
        public int hashCode() {
            return bare.hashCode();
        }
    }
}

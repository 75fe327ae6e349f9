package dev.outboxrelay.config;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How NATS is reached ({@code outbox.nats.*}).
 *
 * @param urls one or more server URLs of one cluster; they may carry credentials, so show {@link #shownUrls()} instead
 * @param login as whom
 * @param tls what is trusted, and the relay's own certificate
 * @param handshakeFirst whether the server wants TLS before anything is said
 */
public record NatsSettings(List<String> urls, NatsLogin login, TlsFiles tls, boolean handshakeFirst) {

    private static final String TLS = "outbox.nats.tls";

    public NatsSettings {
        urls = List.copyOf(urls);
    }

    /** With a {@code .creds} file or as nobody, and with what the Java runtime trusts. */
    public NatsSettings(List<String> urls, @Nullable Path credentialsFile) {
        this(urls, NatsLogin.ofCredentials(credentialsFile), TlsFiles.none(TLS), false);
    }

    /** Whether the connection has to be encrypted. */
    public boolean isEncrypted() {
        return tls.isGiven()
                || handshakeFirst
                || urls.stream().anyMatch(url -> url.startsWith("tls://") || url.startsWith("wss://"));
    }

    /** The URLs with every credential in them replaced by {@code ***}, comma separated, for messages. */
    public String shownUrls() {
        return urls.stream().map(Redaction::redact).collect(Collectors.joining(","));
    }

    @Override
    public String toString() {
        return "NatsSettings[urls=%s, login=%s, tls=%s]".formatted(shownUrls(), login, tls);
    }
}

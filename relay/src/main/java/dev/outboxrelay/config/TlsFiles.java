package dev.outboxrelay.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * PEM files for the encryption of one end ({@code outbox.nats.tls.*}, {@code outbox.postgres.tls.*}). They are read
 * again at each connection.
 *
 * @param prefix of the three keys, such as {@code outbox.nats.tls}
 * @param ca certificates that are trusted; null = those of the Java runtime
 * @param certificate the relay's own, with its chain; null = none
 * @param key its private key; null where there is no certificate
 */
public record TlsFiles(
        String prefix,
        @Nullable Path ca,
        @Nullable Path certificate,
        @Nullable Path key) {

    /** None of them. */
    public static TlsFiles none(String prefix) {
        return new TlsFiles(prefix, null, null, null);
    }

    /** Whether any of them is given. */
    public boolean isGiven() {
        return ca != null || certificate != null || key != null;
    }
}

package dev.outboxrelay.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * As whom the relay comes to NATS: one way at most. What is in a file is read again at each connection.
 *
 * @param credentialsFile a NATS {@code .creds} file, or null
 * @param nkeyFile a file with the seed of an nkey, or null
 * @param user a user's name, or null
 * @param password that user's password, where it is not in a file
 * @param passwordFile a file that holds the password, or null
 * @param token a token, where it is not in a file
 * @param tokenFile a file that holds the token, or null
 * @param contextFile the NATS context that password or token came from, or null
 */
public record NatsLogin(
        @Nullable Path credentialsFile,
        @Nullable Path nkeyFile,
        @Nullable String user,
        Secret password,
        @Nullable Path passwordFile,
        Secret token,
        @Nullable Path tokenFile,
        @Nullable Path contextFile) {

    /** Nobody in particular. */
    public static final NatsLogin NONE = ofCredentials(null);

    static NatsLogin ofCredentials(@Nullable Path credentialsFile) {
        return new NatsLogin(credentialsFile, null, null, Secret.NONE, null, Secret.NONE, null, null);
    }

    /** Whether a token is given, somewhere. */
    public boolean hasToken() {
        return token.isPresent() || tokenFile != null;
    }
}

package dev.outboxrelay.admin;

import dev.outboxrelay.config.AdminAccess;
import dev.outboxrelay.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The token that a request has to show, from the configuration or from a file that is looked at again every second at
 * most. A file that cannot be read, or holds no token, lets nobody in until it does. Thread-safe.
 */
final class AdminToken {

    private static final Logger LOG = LoggerFactory.getLogger(AdminToken.class);
    private static final long FRESH_NANOS = 1_000_000_000;
    private static final Pattern TOKEN = Pattern.compile("[!-~]{16,512}"); // no header can show another one
    private static final String SCHEME = "Bearer ";

    private final Secret fixed;
    private final @Nullable Path file;
    private final LongSupplier nanoTime;
    private boolean known;
    private long knownAt;
    private Secret current = Secret.NONE;
    private String lastSaid = "";

    AdminToken(AdminAccess access, LongSupplier nanoTime) {
        this.fixed = access.token();
        this.file = access.tokenFile();
        this.nanoTime = nanoTime;
    }

    /** Whether there is one at all, readable or not. */
    boolean isConfigured() {
        return fixed.isPresent() || file != null;
    }

    /** Whether a header {@code Authorization} shows it; takes the same time for every wrong one. */
    boolean isShownBy(@Nullable String authorization) {
        if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return false;
        }
        byte[] given = digest(authorization.substring(SCHEME.length()).strip());
        return current()
                .filter(token -> MessageDigest.isEqual(given, digest(token.reveal())))
                .isPresent();
    }

    private synchronized Optional<Secret> current() {
        Path where = file;
        if (where == null) {
            return Optional.of(fixed).filter(Secret::isPresent);
        }
        long now = nanoTime.getAsLong();
        if (!known || now - knownAt >= FRESH_NANOS) {
            current = read(where);
            known = true;
            knownAt = now;
        }
        return Optional.of(current).filter(Secret::isPresent);
    }

    private Secret read(Path where) {
        try {
            String text = Files.readString(where).strip();
            if (TOKEN.matcher(text).matches()) {
                say("");
                return new Secret(text);
            }
            say("holds no token of 16 to 512 printable ASCII characters without blanks, and nothing else");
        } catch (IOException e) {
            say("cannot be read (" + e.getClass().getSimpleName() + ")");
        }
        return Secret.NONE;
    }

    private void say(String problem) {
        if (!problem.isEmpty() && !problem.equals(lastSaid)) {
            LOG.error("outbox.admin.token-file {} {}: nobody is let in until it does", file, problem);
        }
        lastSaid = problem;
    }

    /** Of equal length whatever the text is, so that nothing can be told from the time that a comparison takes. */
    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}

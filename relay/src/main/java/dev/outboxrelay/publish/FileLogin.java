package dev.outboxrelay.publish;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.outboxrelay.tls.SecretFile;
import dev.outboxrelay.tls.SecretFileException;
import io.nats.client.AuthHandler;
import io.nats.client.NKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers the server's challenge from a {@code .creds} file or an nkey's seed. The file is read once for each
 * connection, whole, so that key and token are of one version, whoever replaces it meanwhile.
 */
final class FileLogin implements AuthHandler {

    private static final Pattern JWT =
            Pattern.compile("-+BEGIN NATS USER JWT-+\\s+(\\S+)\\s+-+END NATS USER JWT-+", Pattern.CASE_INSENSITIVE);
    private static final Pattern SEED = Pattern.compile("(?m)^\\s*(SU[A-Z2-7]{56})\\s*$");

    private static final JsonFactory JSON = new JsonFactory();

    private final SecretFile file;
    private final boolean isCredentials;
    private @Nullable Login login;

    private record Login(String seed, String jwt) {}

    /** A {@code .creds} file: a token goes with the seed. */
    static FileLogin ofCredentials(Path file) {
        return new FileLogin(new SecretFile("outbox.nats.credentials-file", file), true);
    }

    /** A file with a seed alone. */
    static FileLogin ofSeed(Path file) {
        return new FileLogin(new SecretFile("outbox.nats.nkey-file", file), false);
    }

    private FileLogin(SecretFile file, boolean isCredentials) {
        this.file = file;
        this.isCredentials = isCredentials;
    }

    /** Reads the file. */
    void read() throws SecretFileException {
        String text = file.text();
        Matcher seed = SEED.matcher(text);
        Matcher jwt = JWT.matcher(text);
        if (!seed.find()) {
            throw file.wrong(
                    "holds no seed of a user (a line that begins with SU)",
                    isCredentials
                            ? "name a .creds file, as nsc generate creds writes it"
                            : "name a file with the seed, as nsc generate nkey --user writes it");
        }
        if (isCredentials && !jwt.find()) {
            throw file.wrong(
                    "holds no NATS USER JWT",
                    "name a .creds file, as nsc generate creds writes it; a seed alone belongs in outbox.nats.nkey-file");
        }
        login = new Login(seed.group(1), isCredentials ? jwt.group(1) : "");
    }

    /** When the credentials that are in the file now expire; empty for never, and where nobody can tell. */
    Optional<Instant> goodUntil() throws SecretFileException {
        read();
        String[] parts = current().jwt().split("\\.", -1);
        if (parts.length < 2) {
            return Optional.empty();
        }
        // RFC 7519: the second part holds the claims, and "exp" is in seconds
        try (JsonParser claims = JSON.createParser(Base64.getUrlDecoder().decode(parts[1]))) {
            for (JsonToken token = claims.nextToken(); token != null; token = claims.nextToken()) {
                if (token == JsonToken.START_OBJECT && claims.currentName() != null) {
                    claims.skipChildren();
                } else if (token == JsonToken.FIELD_NAME && claims.currentName().equals("exp")) {
                    long seconds = claims.nextLongValue(0);
                    return seconds > 0 ? Optional.of(Instant.ofEpochSecond(seconds)) : Optional.empty();
                }
            }
            return Optional.empty();
        } catch (IOException | IllegalArgumentException | DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Called first for each connection. */
    @Override
    public char[] getID() {
        try {
            read();
            NKey key = NKey.fromSeed(current().seed().toCharArray());
            try {
                return key.getPublicKey();
            } finally {
                key.clear();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(file.setting() + ": its key cannot be used", e);
        }
    }

    @Override
    public byte[] sign(byte[] nonce) {
        try {
            NKey key = NKey.fromSeed(current().seed().toCharArray());
            try {
                return key.sign(nonce);
            } finally {
                key.clear();
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(file.setting() + ": its key cannot be used", e);
        }
    }

    @Override
    public char @Nullable [] getJWT() {
        return isCredentials ? current().jwt().toCharArray() : null;
    }

    private Login current() {
        Login read = login;
        if (read == null) {
            throw new IllegalStateException("the library asks for the key first");
        }
        return read;
    }
}

package dev.outboxrelay.publish;

import dev.outboxrelay.config.NatsLogin;
import dev.outboxrelay.config.NatsSettings;
import dev.outboxrelay.tls.SecretFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What to do about a server that does not let the relay in: names the setting and its file, never what is in it. */
final class LoginRemedy {

    private static final String ACCOUNT = ". Or have the server know this user, and its account have JetStream";

    private LoginRemedy() {}

    /** A whole error: that the server refuses, in its own words, and what mends it. */
    static String of(NatsSettings settings, String said) {
        return "NATS at " + settings.shownUrls() + " refuses the relay: " + said + "\n    mend: "
                + remedy(settings.login());
    }

    private static String remedy(NatsLogin login) {
        Path credentials = login.credentialsFile();
        Path nkey = login.nkeyFile();
        String user = login.user();
        if (credentials != null) {
            return "put credentials that are good in the place of "
                    + read(credentials, "credentials-file")
                    + goodUntil(FileLogin.ofCredentials(credentials)) + ACCOUNT;
        }
        if (nkey != null) {
            return "put the seed of a user that the server knows in the place of " + read(nkey, "nkey-file")
                    + publicKey(FileLogin.ofSeed(nkey)) + ACCOUNT;
        }
        if (user != null) {
            return "write the password of user " + user + " into " + place(login, login.passwordFile(), "password");
        }
        if (login.hasToken()) {
            return "write the server's token into " + place(login, login.tokenFile(), "token");
        }
        return "set a way to log in: outbox.nats.credentials-file, .nkey-file, .user with .password-file, or"
                + " .token-file; or mend the one in outbox.nats.url and restart";
    }

    private static String place(NatsLogin login, @Nullable Path file, String name) {
        if (file != null) {
            return read(file, name + "-file");
        }
        Path context = login.contextFile();
        return context == null
                ? "outbox.nats." + name + " and restart; outbox.nats." + name + "-file needs no restart"
                : read(context, "context-file");
    }

    private static String read(Path file, String setting) {
        return file + " (outbox.nats." + setting + "), which is read at each attempt to connect";
    }

    private static String goodUntil(FileLogin file) {
        try {
            return file.goodUntil()
                    .map(until -> "; those in it are good until " + until)
                    .orElse("");
        } catch (SecretFileException e) {
            return "";
        }
    }

    private static String publicKey(FileLogin file) {
        try {
            file.read();
            return "; the one in it is of " + new String(file.getID());
        } catch (SecretFileException | RuntimeException e) {
            return "";
        }
    }
}

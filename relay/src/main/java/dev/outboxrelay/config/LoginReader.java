package dev.outboxrelay.config;

import static dev.outboxrelay.config.SettingCatalog.*;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** As whom the relay comes to both ends, and how that is encrypted: what is given, and what contradicts. Pure. */
final class LoginReader {

    private static final Pattern USER_IN_URL = Pattern.compile("(?:^|[,/\\s])[^@/,\\s]+@");
    private static final Pattern SSL_PARAMETER =
            Pattern.compile("[?&](ssl|sslfactory|sslrootcert|sslcert|sslkey|sslpassword)(?==|&|$)");
    private static final Pattern WEAK_MODE = Pattern.compile("[?&]sslmode=(?!verify-full|verify-ca)([^&]*)");

    private final Given given;

    LoginReader(Given given) {
        this.given = given;
    }

    void check() {
        atMostOne(POSTGRES_PASSWORD, POSTGRES_PASSWORD_FILE, POSTGRES_PASSFILE);
        atMostOne(NATS_PASSWORD, NATS_PASSWORD_FILE);
        atMostOne(NATS_TOKEN, NATS_TOKEN_FILE);
        atMostOne(ADMIN_TOKEN, ADMIN_TOKEN_FILE);
        checkAdminToken();
        checkNatsLogin();
        pair(POSTGRES_TLS_CERT_FILE, POSTGRES_TLS_KEY_FILE);
        pair(NATS_TLS_CERT_FILE, NATS_TLS_KEY_FILE);
        checkPostgresTls();
        checkNatsTls();
    }

    private void checkNatsLogin() {
        boolean password = given.has(NATS_PASSWORD) || given.has(NATS_PASSWORD_FILE);
        Setting<?> passwordKey = given.has(NATS_PASSWORD) ? NATS_PASSWORD : NATS_PASSWORD_FILE;
        if (password && !given.has(NATS_USER)) {
            given.report(passwordKey, "it is nobody's: " + NATS_USER.key() + " is not set", "Set that user too.");
        }
        if (given.has(NATS_USER) && !password) {
            given.report(
                    NATS_USER,
                    "it has no password",
                    "Set " + NATS_PASSWORD_FILE.key() + " (or " + NATS_PASSWORD.key() + ") too.");
        }
        Setting<?> token = given.has(NATS_TOKEN) ? NATS_TOKEN : NATS_TOKEN_FILE;
        List<Setting<?>> ways = Stream.<Setting<?>>of(NATS_CREDENTIALS_FILE, NATS_NKEY_FILE, NATS_USER, token)
                .filter(given::has)
                .collect(Collectors.toCollection(ArrayList::new));
        if (given.find(NATS_URL).stream()
                .flatMap(List::stream)
                .anyMatch(url -> USER_IN_URL.matcher(url).find())) {
            ways.add(0, NATS_URL);
        }
        if (ways.size() > 1) {
            String others = ways.subList(0, ways.size() - 1).stream()
                    .map(way -> (way.equals(NATS_URL) ? "a user in " : "") + way.key() + " (" + given.origin(way) + ")")
                    .collect(Collectors.joining(", "));
            given.report(
                    ways.get(ways.size() - 1),
                    "it is a second way to log in, beside " + others,
                    "Leave all but one of them out.");
        }
    }

    private void checkAdminToken() {
        if (given.find(ADMIN_TOKEN_FOR_READING).orElse(false)
                && !given.has(ADMIN_TOKEN)
                && !given.has(ADMIN_TOKEN_FILE)) {
            given.report(
                    ADMIN_TOKEN_FOR_READING,
                    "there is no token, so nobody could read",
                    "Give " + ADMIN_TOKEN_FILE.key() + ", or leave this out.");
        }
    }

    private void checkPostgresTls() {
        Setting<?> first = firstOf(POSTGRES_TLS_CA_FILE, POSTGRES_TLS_CERT_FILE, POSTGRES_TLS_KEY_FILE);
        if (first == null) {
            return;
        }
        if (!given.has(POSTGRES_TLS_CA_FILE)) {
            given.report(
                    first,
                    "the relay would show its certificate to a server that it does not check",
                    "Set " + POSTGRES_TLS_CA_FILE.key() + " too.");
        }
        String url = given.find(POSTGRES_URL).orElse("");
        var parameter = SSL_PARAMETER.matcher(url);
        if (parameter.find()) {
            given.report(
                    first,
                    POSTGRES_URL.key() + " has the parameter " + parameter.group(1),
                    "Leave one of the two out: encryption is told by outbox.postgres.tls.* or by the URL.");
        }
        var mode = WEAK_MODE.matcher(url);
        if (mode.find()) {
            given.report(
                    first,
                    POSTGRES_URL.key() + " has sslmode=" + mode.group(1) + ", which does not check the server",
                    "Leave sslmode out of the URL (then it is verify-full), or leave these files out.");
        }
    }

    private void checkNatsTls() {
        Setting<?> first = firstOf(NATS_TLS_CA_FILE, NATS_TLS_CERT_FILE, NATS_TLS_KEY_FILE);
        if (first == null && given.find(NATS_TLS_HANDSHAKE_FIRST).orElse(false)) {
            first = NATS_TLS_HANDSHAKE_FIRST;
        }
        boolean open = given.find(NATS_URL).stream()
                .flatMap(List::stream)
                .anyMatch(url -> url.toLowerCase(Locale.ROOT).startsWith("ws://"));
        if (first != null && open) {
            given.report(
                    first,
                    NATS_URL.key() + " begins with ws://, which is not encrypted",
                    "Write wss:// instead, or leave this setting out.");
        }
    }

    private @Nullable Setting<?> firstOf(Setting<?>... settings) {
        return Stream.of(settings).filter(given::has).findFirst().orElse(null);
    }

    private void atMostOne(Setting<?>... settings) {
        List<Setting<?>> all = Stream.of(settings).filter(given::has).toList();
        for (Setting<?> more : all.subList(Math.min(1, all.size()), all.size())) {
            given.report(
                    more,
                    all.get(0).key() + " is given too (" + given.origin(all.get(0)) + ")",
                    "Give one of the two.");
        }
    }

    private void pair(Setting<?> certificate, Setting<?> key) {
        if (given.has(certificate) != given.has(key)) {
            Setting<?> there = given.has(certificate) ? certificate : key;
            Setting<?> missing = given.has(certificate) ? key : certificate;
            given.report(there, missing.key() + " is not set", "A certificate and its key go together: set both.");
        }
    }

    PostgresLogin postgres() {
        return new PostgresLogin(
                given.get(POSTGRES_USER),
                given.find(POSTGRES_PASSWORD).orElse(Secret.NONE),
                file(POSTGRES_PASSWORD_FILE),
                file(POSTGRES_PASSFILE));
    }

    TlsFiles postgresTls() {
        return new TlsFiles(
                "outbox.postgres.tls",
                file(POSTGRES_TLS_CA_FILE),
                file(POSTGRES_TLS_CERT_FILE),
                file(POSTGRES_TLS_KEY_FILE));
    }

    NatsLogin nats() {
        boolean fromContext = given.origin(NATS_PASSWORD).startsWith(RawValue.CONTEXT)
                || given.origin(NATS_TOKEN).startsWith(RawValue.CONTEXT);
        return new NatsLogin(
                file(NATS_CREDENTIALS_FILE),
                file(NATS_NKEY_FILE),
                given.find(NATS_USER).orElse(null),
                given.find(NATS_PASSWORD).orElse(Secret.NONE),
                file(NATS_PASSWORD_FILE),
                given.find(NATS_TOKEN).orElse(Secret.NONE),
                file(NATS_TOKEN_FILE),
                fromContext ? file(NATS_CONTEXT_FILE) : null);
    }

    TlsFiles natsTls() {
        return new TlsFiles(
                "outbox.nats.tls", file(NATS_TLS_CA_FILE), file(NATS_TLS_CERT_FILE), file(NATS_TLS_KEY_FILE));
    }

    private @Nullable Path file(Setting<Path> setting) {
        return given.find(setting).orElse(null);
    }
}

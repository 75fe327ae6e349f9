package dev.outboxrelay;

import dev.outboxrelay.config.NatsLogin;
import dev.outboxrelay.config.PostgresLogin;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TlsFiles;
import dev.outboxrelay.config.TracingSettings;
import dev.outboxrelay.tls.PemContext;
import dev.outboxrelay.tls.SecretFile;
import dev.outboxrelay.tls.SecretFileException;
import dev.outboxrelay.tracing.CollectorHeaders;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Looks at the files with secrets of both ends before the relay starts, so that all that is wrong is said at once. */
final class SecretCheck {

    private SecretCheck() {}

    /** What keeps the relay from starting. */
    static List<String> problems(Settings settings) {
        List<String> problems = new ArrayList<>();
        for (SecretFile file : logins(settings)) {
            try {
                String unused = file.text();
            } catch (SecretFileException e) {
                problems.add(String.valueOf(e.getMessage()));
            }
        }
        List<TlsFiles> tls = new ArrayList<>(
                List.of(settings.postgres().tls(), settings.nats().tls()));
        TracingSettings tracing = settings.tracing();
        if (tracing != null) {
            tls.add(tracing.tls());
        }
        for (TlsFiles files : tls) {
            try {
                SSLContext unused = PemContext.read(files);
            } catch (SecretFileException e) {
                problems.add(String.valueOf(e.getMessage()));
            }
        }
        if (tracing != null && tracing.headersFile() != null) {
            try {
                Map<String, String> unused = new CollectorHeaders(tracing.headersFile()).read();
            } catch (SecretFileException e) {
                problems.add(String.valueOf(e.getMessage()));
            }
        }
        return problems;
    }

    /** Files that are open to people whom they are none of the business. */
    static List<String> warnings(Settings settings) {
        return Stream.concat(
                        logins(settings).stream(),
                        Stream.of(
                                        file(
                                                "outbox.postgres.tls.key-file",
                                                settings.postgres().tls().key()),
                                        file(
                                                "outbox.nats.tls.key-file",
                                                settings.nats().tls().key()),
                                        file(CollectorHeaders.SETTING, headersFile(settings)))
                                .filter(Objects::nonNull))
                .map(SecretFile::exposure)
                .filter(Objects::nonNull)
                .toList();
    }

    private static List<SecretFile> logins(Settings settings) {
        PostgresLogin postgres = settings.postgres().login();
        NatsLogin nats = settings.nats().login();
        return Stream.of(
                        file("outbox.postgres.password-file", postgres.passwordFile()),
                        file("outbox.postgres.passfile", postgres.passfile()),
                        file("outbox.nats.credentials-file", nats.credentialsFile()),
                        file("outbox.nats.nkey-file", nats.nkeyFile()),
                        file("outbox.nats.password-file", nats.passwordFile()),
                        file("outbox.nats.token-file", nats.tokenFile()),
                        file("outbox.nats.context-file", nats.contextFile()))
                .filter(Objects::nonNull)
                .toList();
    }

    private static @Nullable Path headersFile(Settings settings) {
        TracingSettings tracing = settings.tracing();
        return tracing == null ? null : tracing.headersFile();
    }

    private static @Nullable SecretFile file(String setting, @Nullable Path path) {
        return path == null ? null : new SecretFile(setting, path);
    }
}

package dev.outboxrelay.postgres;

import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.config.TlsFiles;
import dev.outboxrelay.tls.Distrust;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the driver is told of certificates, and what it says of them in words that help. Pure. */
final class Encryption {

    private Encryption() {}

    /** The driver reads keys in one format alone and is particular about the rights of files: see the factory. */
    static Map<String, String> properties(TlsFiles files, Map<String, String> ofUrl) {
        Map<String, String> properties = new TreeMap<>();
        if (files.isGiven()) {
            properties.put("sslmode", ofUrl.getOrDefault("sslmode", "verify-full"));
            properties.put("sslfactory", PemSocketFactory.class.getName());
            put(properties, "sslrootcert", files.ca());
            put(properties, "sslcert", files.certificate());
            put(properties, "sslkey", files.key());
        }
        return properties;
    }

    private static void put(Map<String, String> properties, String name, @Nullable Path file) {
        if (file != null) {
            properties.put(name, file.toString());
        }
    }

    /** The same error, with what mends it where certificates are the matter. */
    static SQLException explained(SQLException e, PostgresSettings settings) {
        String server = "PostgreSQL at " + settings.shownUrl();
        String message = String.valueOf(e.getMessage());
        Optional<String> why = Distrust.describe(e, settings.tls(), server);
        if (why.isEmpty() && message.contains("does not support SSL")) {
            why = Optional.of(
                    server + " offers no encryption, and sslmode asks for it\n    mend: ssl = on, ssl_cert_file"
                            + " and ssl_key_file in its postgresql.conf");
        }
        if (why.isEmpty() && SqlErrors.isLogin(e) && message.contains("client certificate")) {
            why = Optional.of(server + ": " + message + "\n    mend: set "
                    + Distrust.ownFiles(settings.tls())
                    + " (or sslcert and sslkey in the URL) to a pair that the server's own ca file accepts");
        }
        return why.map(text -> new SQLException(text, SqlErrors.UNTRUSTED, e)).orElse(e);
    }
}

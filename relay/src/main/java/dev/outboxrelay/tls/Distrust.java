package dev.outboxrelay.tls;

import dev.outboxrelay.config.TlsFiles;
import java.nio.file.Path;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Puts into words why an encrypted connection did not come about, with the setting that mends it. */
public final class Distrust {

    private static final int DEPTH = 20;

    private Distrust() {}

    /**
     * Why, and what to do; empty where certificates have nothing to do with it, so that waiting may help.
     *
     * @param files of the end that it is about
     * @param server as it is configured
     */
    public static Optional<String> describe(Throwable error, TlsFiles files, String server) {
        String text = "";
        boolean encrypted = false;
        Throwable cause = error;
        for (int depth = 0; cause != null && depth < DEPTH; depth++) {
            if (cause instanceof SecretFileException) {
                return Optional.of(String.valueOf(cause.getMessage()));
            }
            if (cause instanceof CertificateExpiredException || cause instanceof CertificateNotYetValidException) {
                return Optional.of("the certificate of " + server + " is out of date (" + cause.getMessage()
                        + ")\n    mend: renew it on the server, or set this machine's clock right");
            }
            encrypted |= cause instanceof SSLException;
            String message = String.valueOf(cause.getMessage());
            text = text.contains(message) ? text : text + " " + message;
            cause = cause.getCause();
        }
        return byText(text, encrypted, files, server);
    }

    private static Optional<String> byText(String said, boolean encrypted, TlsFiles files, String server) {
        String text = said.toLowerCase(Locale.ROOT);
        String authority = setting(files, ".ca-file", files.ca());
        if (text.contains("no name matching")
                || text.contains("no subject alternative")
                || text.contains("could not be verified by hostnameverifier")) {
            return Optional.of("the certificate of " + server + " is for another name (" + brief(said)
                    + ")\n    mend: write into the URL a name that the certificate is for, or have it made for this one"
                    + " (subjectAltName)");
        }
        if (text.contains("unable to find valid certification path")
                || text.contains("path does not chain")
                || text.contains("path validation failed")
                || text.contains("trustanchors")
                || text.contains("signature check failed")) {
            return Optional.of("the certificate of " + server + " is not from anybody that the relay trusts\n    mend: "
                    + authority + ": put the certificate (PEM) of whoever signed the server's into it");
        }
        if (!text.contains("received fatal alert")) {
            return encrypted && text.contains("certificate")
                    ? Optional.of("no encrypted connection to " + server + ": " + brief(said) + "\n    mend: compare "
                            + authority + " with what the server shows (openssl s_client)")
                    : Optional.empty();
        }
        String own = ownFiles(files);
        if (text.contains("certificate_required") || text.contains("handshake_failure")) {
            return Optional.of(
                    server + " wants a certificate of the relay and got none that it accepts\n    mend: set " + own);
        }
        if (text.contains("certificate_expired")) {
            return Optional.of(
                    "the relay's certificate is out of date, says " + server + "\n    mend: renew the files of " + own);
        }
        if (text.contains("certificate") || text.contains("unknown_ca")) {
            return Optional.of(server + " does not accept the relay's certificate, or got none (" + brief(said)
                    + ")\n    mend: set " + own + " to a pair that the server's own ca file accepts, not out of date");
        }
        return Optional.empty();
    }

    /** The settings of the relay's own certificate and key, with their files. */
    public static String ownFiles(TlsFiles files) {
        return setting(files, ".cert-file", files.certificate()) + " and " + setting(files, ".key-file", files.key());
    }

    private static String setting(TlsFiles files, String name, @Nullable Path file) {
        return files.prefix() + name + (file == null ? "" : " (" + file + ")");
    }

    /** The first sentence, without the names of classes. */
    private static String brief(String said) {
        String text = said.strip().replaceAll("(?:[a-z]+\\.)+[A-Z]\\w+: ", "").replaceAll("\\s+", " ");
        return text.length() > 160 ? text.substring(0, 160) + "..." : text;
    }
}

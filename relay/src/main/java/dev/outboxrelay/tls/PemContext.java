package dev.outboxrelay.tls;

import dev.outboxrelay.config.TlsFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Makes what the language wants for TLS out of PEM files, as they are now. */
public final class PemContext {

    private static final char[] IN_MEMORY = new char[0];

    private PemContext() {}

    /**
     * Reads the files.
     *
     * @throws SecretFileException when one of them cannot be used
     */
    public static SSLContext read(TlsFiles files) throws SecretFileException {
        try {
            if (!files.isGiven()) {
                return SSLContext.getDefault();
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(files), trust(files), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new SecretFileException(
                    files.prefix(),
                    "a certificate or key",
                    "cannot be used (" + e.getMessage() + ")",
                    "make the files anew");
        } catch (IOException e) {
            if (e instanceof SecretFileException known) {
                throw known;
            }
            throw new IllegalStateException(e); // a key store in memory has no file
        }
    }

    private static TrustManager @Nullable [] trust(TlsFiles files) throws GeneralSecurityException, IOException {
        Path ca = files.ca();
        if (ca == null) {
            return null;
        }
        KeyStore trusted = empty();
        for (X509Certificate each : Pem.certificates(new SecretFile(files.prefix() + ".ca-file", ca))) {
            trusted.setCertificateEntry("ca-" + trusted.size(), each);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(trusted);
        return factory.getTrustManagers();
    }

    private static KeyManager @Nullable [] keys(TlsFiles files) throws GeneralSecurityException, IOException {
        Path certificate = files.certificate();
        Path key = files.key();
        if (certificate == null || key == null) {
            return null;
        }
        List<X509Certificate> chain = Pem.certificates(new SecretFile(files.prefix() + ".cert-file", certificate));
        SecretFile keyFile = new SecretFile(files.prefix() + ".key-file", key);
        PrivateKey secret = Pem.key(keyFile, chain.get(0));
        if (!isPair(secret, chain.get(0))) {
            throw keyFile.wrong(
                    "is not the key of the certificate in " + certificate,
                    "give certificate and key of the same pair (while both are being replaced this passes by itself)");
        }
        KeyStore own = empty();
        own.setKeyEntry("own", secret, IN_MEMORY, chain.toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(own, IN_MEMORY);
        return factory.getKeyManagers();
    }

    /** Found out by signing: otherwise it is the server that fails, with nothing to tell which file is wrong. */
    private static boolean isPair(PrivateKey key, X509Certificate certificate) {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update((byte) 1);
            byte[] signed = signature.sign();
            signature.initVerify(certificate);
            signature.update((byte) 1);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, IN_MEMORY);
        return store;
    }
}

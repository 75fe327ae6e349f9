package dev.outboxrelay.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What PEM files hold: certificates, and private keys as PKCS#8, PKCS#1 (RSA) or SEC 1 (EC). */
final class Pem {

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s(.*?)-----END \\1-----", Pattern.DOTALL);

    private static final byte[] RSA = {
        0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
    };
    private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};
    private static final byte[] VERSION_0 = {2, 1, 0};
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int PARAMETERS = 0xa0;

    private Pem() {}

    /** Every certificate in the file, in its order: at least one. */
    static List<X509Certificate> certificates(SecretFile file) throws SecretFileException {
        List<X509Certificate> all = new ArrayList<>();
        Matcher block = BLOCK.matcher(file.text());
        while (block.find()) {
            if (block.group(1).endsWith("CERTIFICATE")) {
                all.add(certificate(file, block.group(2)));
            }
        }
        if (all.isEmpty()) {
            throw file.wrong(
                    "holds no certificate",
                    "name a PEM file, with a line -----BEGIN CERTIFICATE-----, in " + file.setting());
        }
        return all;
    }

    private static X509Certificate certificate(SecretFile file, String base64) throws SecretFileException {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(bytes(base64)));
        } catch (CertificateException | IllegalArgumentException e) {
            throw file.wrong("holds a broken certificate", "make the file anew; openssl x509 -in FILE -text shows it");
        }
    }

    /** The private key of a certificate. */
    static PrivateKey key(SecretFile file, X509Certificate certificate) throws SecretFileException {
        Matcher block = BLOCK.matcher(file.text());
        while (block.find()) {
            String kind = block.group(1);
            if (kind.equals("ENCRYPTED PRIVATE KEY") || block.group(2).contains("ENCRYPTED")) {
                throw file.wrong(
                        "is encrypted, which the relay cannot read",
                        "openssl pkey -in FILE -out PLAIN.key, and guard that file by its rights (chmod 600)");
            }
            if (kind.endsWith("PRIVATE KEY")) {
                return key(
                        file, kind, block.group(2), certificate.getPublicKey().getAlgorithm());
            }
        }
        throw file.wrong(
                "holds no private key",
                "name a PEM file, with a line -----BEGIN PRIVATE KEY-----, in " + file.setting());
    }

    private static PrivateKey key(SecretFile file, String kind, String base64, String algorithm)
            throws SecretFileException {
        try {
            byte[] bytes = bytes(base64);
            byte[] pkcs8 = switch (kind) {
                case "RSA PRIVATE KEY" -> pkcs8(RSA, bytes);
                case "EC PRIVATE KEY" -> pkcs8(join(EC, curve(bytes)), bytes);
                default -> bytes;
            };
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw file.wrong(
                    "holds a private key that does not go with the certificate (" + algorithm + ")",
                    "give certificate and key of the same pair; openssl pkey -in FILE -pubout shows the public half");
        }
    }

    private static byte[] bytes(String base64) {
        return Base64.getMimeDecoder().decode(base64.strip());
    }

    /** RFC 5208: version, algorithm, and the key as it was. */
    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return element(SEQUENCE, join(VERSION_0, element(SEQUENCE, algorithm), element(OCTETS, key)));
    }

    /** RFC 5915: the key itself names its curve, behind version and secret, in an element tagged 0. */
    private static byte[] curve(byte[] key) {
        int at = header(key, 0);
        while (at < key.length) {
            int start = header(key, at);
            int length = length(key, at);
            if ((key[at] & 0xff) == PARAMETERS) {
                return Arrays.copyOfRange(key, start, start + length);
            }
            at = start + length;
        }
        throw new IllegalArgumentException("no curve");
    }

    /** Where the content of the element begins that begins here. */
    private static int header(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first - 0x80);
    }

    private static int length(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        int length = first < 0x80 ? first : 0;
        for (int i = 0; first > 0x80 && i < first - 0x80; i++) {
            length = (length << 8) + (der[at + 2 + i] & 0xff);
        }
        return length;
    }

    private static byte[] element(int tag, byte[] content) {
        int size = content.length;
        byte[] head; // the shortest form is the only one that counts
        if (size < 0x80) {
            head = new byte[] {(byte) tag, (byte) size};
        } else if (size < 0x100) {
            head = new byte[] {(byte) tag, (byte) 0x81, (byte) size};
        } else {
            head = new byte[] {(byte) tag, (byte) 0x82, (byte) (size >> 8), (byte) size};
        }
        return join(head, content);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}

package dev.outboxrelay.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.config.TlsFiles;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Certificates.Pair;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PemTest {

    @TempDir
    private Path folder;

    private Certificates certificates;
    private Pair pair;

    @BeforeEach
    void make() {
        certificates = new Certificates(folder);
        pair = certificates.authority("one");
    }

    private void assertReadable(Path certificate, Path key) throws Exception {
        assertThat(PemContext.read(new TlsFiles("p", certificate, certificate, key)))
                .isNotNull();
    }

    @Test
    void keys_as_openssl_and_others_write_them() throws Exception {
        Path sec1 = folder.resolve("sec1.key");
        Path rsa = folder.resolve("rsa.pem");
        Path pkcs8 = folder.resolve("pkcs8.key");
        Path pkcs1 = folder.resolve("pkcs1.key");
        certificates.openssl("ec", "-in", pair.key().toString(), "-out", sec1.toString());
        certificates.openssl(
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                pkcs8.toString(),
                "-out",
                rsa.toString(),
                "-subj",
                "/CN=rsa");
        certificates.openssl("rsa", "-traditional", "-in", pkcs8.toString(), "-out", pkcs1.toString());

        assertThat(Files.readString(sec1)).contains("BEGIN EC PRIVATE KEY");
        assertThat(Files.readString(pkcs1)).contains("BEGIN RSA PRIVATE KEY");
        assertReadable(pair.certificate(), pair.key());
        assertReadable(pair.certificate(), sec1);
        assertReadable(rsa, pkcs8);
        assertReadable(rsa, pkcs1);
    }

    @Test
    void what_cannot_be_used_is_named_with_why_and_what_to_do() throws Exception {
        Pair other = certificates.authority("two");
        Path sealed = folder.resolve("sealed.key");
        certificates.openssl(
                "pkcs8", "-topk8", "-in", pair.key().toString(), "-passout", "pass:x", "-out", sealed.toString());
        Path cut = Files.writeString(
                folder.resolve("cut.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");

        refused(pair.certificate(), other.key(), "p.key-file", "is not the key of the certificate", "same pair");
        refused(pair.certificate(), sealed, "p.key-file", "is encrypted", "openssl pkey");
        refused(pair.certificate(), pair.certificate(), "p.key-file", "holds no private key", "PEM");
        refused(cut, pair.key(), "p.c", "broken certificate", "openssl x509");
        refused(pair.key(), pair.key(), "p.c", "holds no certificate", "BEGIN CERTIFICATE");
        refused(folder.resolve("none"), pair.key(), "p.c", "does not exist", "put it there");
        refused(folder, pair.key(), "p.c", "is a directory", "name a file");
    }

    private static void refused(Path certificate, Path key, String... parts) {
        assertThatThrownBy(() -> PemContext.read(new TlsFiles("p", certificate, certificate, key)))
                .isInstanceOf(SecretFileException.class)
                .hasMessageContainingAll(parts)
                .hasMessageContaining("mend: ");
    }

    @Test
    void a_file_that_anybody_may_read_is_told_and_one_of_its_owners_is_not() throws Exception {
        SecretFile file = new SecretFile("p.key-file", pair.key());
        Files.setPosixFilePermissions(pair.key(), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(file.exposure()).contains("p.key-file", "anybody", "chmod");

        Files.setPosixFilePermissions(pair.key(), PosixFilePermissions.fromString("rw-r-----"));
        assertThat(file.exposure()).isNull();
    }
}

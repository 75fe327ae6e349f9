package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.cli.CommandLineRun;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.ServerMode;
import dev.outboxrelay.testing.TcpProxy;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.io.InputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor says of servers that are too old, and of one that is far away and not encrypted. */
final class OtherServersIT {

    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    private Path folder;

    private static TestNats nats;
    private static Outbox outbox;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        outbox = Outbox.create("other_servers");
    }

    @AfterAll
    static void stop() throws Exception {
        outbox.close();
        nats.close();
    }

    private static Map<String, String> environment() throws Exception {
        return CommandLineRun.environment(outbox.settings(nats, Map.of()));
    }

    @Test
    void a_postgres_older_than_15_is_looked_at_and_told_and_a_newer_one_passes() throws Exception {
        try (TestPostgres old = TestPostgres.startProcess(
                PostgresOptions.defaults().onVersion(13).with("password_encryption", "scram-sha-256"))) {
            old.execute("CREATE ROLE outbox_relay LOGIN REPLICATION PASSWORD 'old'");
            Map<String, String> environment = environment();
            environment.put("OUTBOX_POSTGRES_URL", old.jdbcUrl());
            environment.put("OUTBOX_POSTGRES_PASSWORD", "old");

            JsonNode result = CommandLineRun.check(environment, "postgres-version", 1);

            assertThat(result.path("status").asText()).isEqualTo("fail");
            assertThat(result.toString()).contains("is older than 15", "pg_upgrade");
            assertThat(CommandLineRun.check(environment, "postgres-connection", 0)
                            .path("status")
                            .asText())
                    .isEqualTo("pass");
        }
        // the cluster that the upgrade makes
        assertThat(CommandLineRun.check(environment(), "postgres-version", 0)
                        .path("status")
                        .asText())
                .isEqualTo("pass");
    }

    @Test
    void a_nats_server_older_than_2_10_is_told_and_a_newer_one_passes() throws Exception {
        try (TestNats old = TestNats.start(process().ofLine("2.9"))) {
            Map<String, String> environment = environment();
            environment.put("OUTBOX_NATS_URL", old.url());

            JsonNode result = CommandLineRun.check(environment, "nats-version", 1);

            assertThat(result.path("status").asText()).isEqualTo("fail");
            assertThat(result.toString()).contains("is older than 2.10", "upgrade it to 2.10 or newer");
        }
        assertThat(CommandLineRun.check(environment(), "nats-version", 0)
                        .path("status")
                        .asText())
                .isEqualTo("pass");
    }

    @Test
    void an_open_connection_that_leaves_the_machine_is_told_and_what_is_printed_encrypts_it() throws Exception {
        InetAddress outside = outside();
        Map<String, String> environment = environment();
        String[] lines;
        try (TestNats open = TestNats.start(process());
                TcpProxy network = TcpProxy.from(
                        outside, "127.0.0.1", URI.create(open.url()).getPort())) {
            environment.put("OUTBOX_NATS_URL", "nats://" + outside.getHostAddress() + ":" + network.port());

            JsonNode result = CommandLineRun.check(environment, "nats-tls", 0);

            assertThat(result.path("status").asText()).as(result.toString()).isEqualTo("warn");
            lines = result.at("/findings/0/remedies").findValuesAsText("run").toArray(String[]::new);
        }
        String tls = lines[0].replace(
                        "/etc/nats/server.pem", certificate("cert").toString())
                .replace("/etc/nats/server.key", folder.resolve("key.pem").toString());
        String url = lines[1].split(": ", 2)[1];
        SSLContext usual = SSLContext.getDefault();
        try (TestNats closed = TestNats.start(process().with(tls));
                TcpProxy network = TcpProxy.from(
                        outside, "127.0.0.1", URI.create(closed.url()).getPort())) {
            assertThat(url).startsWith("tls://" + outside.getHostAddress() + ":");
            environment.put("OUTBOX_NATS_URL", url.replaceFirst(":[0-9]+$", ":" + network.port()));
            SSLContext.setDefault(trusting());

            assertThat(CommandLineRun.check(environment, "nats-tls", 0)
                            .path("status")
                            .asText())
                    .isEqualTo("pass");
        } finally {
            SSLContext.setDefault(usual);
        }
    }

    private static NatsOptions process() {
        return new NatsOptions("newest", "", "", "", null, null, ServerMode.PROCESSES);
    }

    private static InetAddress outside() throws Exception {
        return NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("this machine has no address but loopback"));
    }

    /** Makes a certificate that lasts for a day, and its key, in the files that nats-server wants. */
    private Path certificate(String alias) throws Exception {
        Path store = folder.resolve("server.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        alias,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=nats",
                        "-ext",
                        "san=ip:" + outside().getHostAddress(),
                        "-validity",
                        "1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = keys();
        Files.writeString(
                folder.resolve("key.pem"),
                pem("PRIVATE KEY", keys.getKey(alias, PASSWORD).getEncoded()));
        return Files.writeString(
                folder.resolve("cert.pem"),
                pem("CERTIFICATE", keys.getCertificate(alias).getEncoded()));
    }

    private KeyStore keys() throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve("server.p12"))) {
            keys.load(in, PASSWORD);
        }
        return keys;
    }

    private static String pem(String what, byte[] bytes) {
        return String.join(
                "\n",
                List.of(
                        "-----BEGIN " + what + "-----",
                        Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes),
                        "-----END " + what + "-----",
                        ""));
    }

    /** Trusts the server's own certificate. */
    private SSLContext trusting() throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", keys().getCertificate("cert"));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }
}

package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.cli.CommandLineRun;
import dev.outboxrelay.config.TlsFiles;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Certificates.Pair;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.ServerMode;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import dev.outboxrelay.tls.PemContext;
import io.nats.client.Connection;
import io.nats.client.NKey;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Certificates and logins; {@link RotationIT} replaces them. Both servers let the relay in with certificate and
 * password alone: a connection of any other kind, whoever of the relay makes it, fails.
 */
final class SecurityIT {

    private static final String HERE = "DNS:localhost,IP:127.0.0.1";

    private static final String HBA = """
            hostssl all outbox_relay all scram-sha-256 clientcert=verify-full
            host    all outbox_relay all reject
            host    all all          all scram-sha-256
            """;

    @TempDir
    private static Path folder;

    private static Certificates certificates;
    private static Pair authority;
    private static Pair stranger;
    private static Pair server;
    private static Pair expired;
    private static Pair elsewhere;
    private static Pair own;
    private static String nkey;
    private static TestPostgres postgres;
    private static TestNats nats;
    private static Outbox outbox;

    @BeforeAll
    static void start() throws Exception {
        certificates = new Certificates(folder);
        authority = certificates.authority("authority");
        stranger = certificates.authority("stranger");
        server = certificates.signed(authority, "server", "server", HERE);
        expired = certificates.expired(authority, "expired", "server", HERE);
        elsewhere = certificates.signed(authority, "elsewhere", "server", "DNS:elsewhere.example");
        own = certificates.signed(authority, "relay", TestPostgres.RELAY, "DNS:relay");
        NKey key = NKey.createUser(null);
        nkey = new String(key.getPublicKey());
        Certificates.write(folder.resolve("relay.nk"), new String(key.getSeed()) + "\n");
        Certificates.write(folder.resolve("nats.password"), "first\n");
        Path hba = Files.writeString(folder.resolve("pg_hba.conf"), HBA);
        certificates.giveToServers();
        postgres = TestPostgres.startProcess(PostgresOptions.defaults()
                .with("ssl", "on")
                .with("ssl_cert_file", server.certificate().toString())
                .with("ssl_key_file", server.key().toString())
                .with("ssl_ca_file", authority.certificate().toString())
                .with("hba_file", hba.toString()));
        nats = TestNats.start(options(server)
                .with("authorization { users: [ { user: relay, password: first }, { nkey: " + nkey + " } ] }"));
        outbox = Outbox.create(postgres, "security");
        Certificates.write(folder.resolve("pg.password"), postgres.password(TestPostgres.RELAY) + "\n");
    }

    @AfterAll
    static void stop() throws Exception {
        outbox.close();
        nats.close();
        postgres.close();
    }

    private static NatsOptions options(Pair shown) {
        return new NatsOptions("newest", "", "", "", null, null, ServerMode.PROCESSES)
                .with("tls { cert_file: \"" + shown.certificate() + "\", key_file: \"" + shown.key() + "\", ca_file: \""
                        + authority.certificate() + "\", verify: true, timeout: 5 }");
    }

    /** Mutual TLS on both ends, the passwords in files. */
    private static Map<String, String> settings(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(outbox.settings(nats, Map.of()));
        all.remove("outbox.postgres.password");
        all.put("outbox.postgres.password-file", folder.resolve("pg.password").toString());
        for (String end : List.of("nats", "postgres")) {
            all.put("outbox." + end + ".tls.ca-file", authority.certificate().toString());
            all.put("outbox." + end + ".tls.cert-file", own.certificate().toString());
            all.put("outbox." + end + ".tls.key-file", own.key().toString());
        }
        all.put("outbox.nats.user", "relay");
        all.put("outbox.nats.password-file", folder.resolve("nats.password").toString());
        all.putAll(more);
        all.values().removeIf(String::isEmpty);
        return all;
    }

    private static Connection reader(TestNats of, String login) throws Exception {
        Options.Builder options = Options.builder()
                .server(of.url().replace("//", "//" + login))
                .sslContext(
                        PemContext.read(new TlsFiles("test", authority.certificate(), own.certificate(), own.key())));
        return Nats.connect(options.build());
    }

    @ParameterizedTest
    @CsvSource({"lean, settings", "stock, settings", "lean, url", "stock, url"})
    void events_flow_over_mutual_tls_on_both_ends(String reader, String where) throws Exception {
        Map<String, String> more = new TreeMap<>(Map.of("outbox.source.reader", reader));
        if (where.equals("url")) {
            more.put(
                    "outbox.postgres.url",
                    outbox.url() + "?sslmode=verify-full&sslrootcert=" + authority.certificate() + "&sslcert="
                            + own.certificate() + "&sslkey=" + own.key() + "&pemKeyAlgorithm=EC");
            for (String file : List.of("ca-file", "cert-file", "key-file")) {
                more.put("outbox.postgres.tls." + file, "");
            }
        }
        Row row = Row.of("tls" + reader + where);
        try (RelayRig rig = RelayRig.start(settings(more)).awaitStreaming();
                Connection client = reader(nats, "relay:first@")) {
            outbox.insert(row);

            outbox.awaitAllMarked(Duration.ofSeconds(20));

            assertThat(RelayRig.ids(client, "TENANT_" + row.tenant().toUpperCase(java.util.Locale.ROOT)))
                    .containsExactly(row.id());
            try (var superuser = outbox.superuser();
                    var statement = superuser.createStatement();
                    var result =
                            statement.executeQuery("SELECT count(*), count(*) FILTER (WHERE s.ssl AND s.client_dn ="
                                    + " '/CN=outbox_relay') FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE"
                                    + " a.usename = 'outbox_relay'")) {
                result.next();
                assertThat(result.getInt(1)).isGreaterThan(4).isEqualTo(result.getInt(2));
            }
            assertThat(rig.relay().status().nats().connected()).isTrue();
        }
    }

    @Test
    void every_way_to_log_in_to_nats() throws Exception {
        Map<String, String> nobody = Map.of("outbox.nats.user", "", "outbox.nats.password-file", "");
        // seconds pass until the library has seen that it is refused
        CompletableFuture<String> refused = CompletableFuture.supplyAsync(
                () -> credentials(settings(nobody), 1).toString());
        assertThat(credentials(settings(Map.of()), 0).toString()).contains("user relay of account");
        Map<String, String> seed = settings(nobody);
        seed.put("outbox.nats.nkey-file", folder.resolve("relay.nk").toString());
        assertThat(credentials(seed, 0).toString()).contains("user " + nkey + " of account");

        Map<String, String> context = settings(nobody);
        context.keySet().removeIf(key -> key.startsWith("outbox.nats."));
        context.put(
                "outbox.nats.context-file",
                Certificates.write(folder.resolve("context.json"), """
                        {"url": "%s", "user": "relay", "password": "first", "ca": "%s", "cert": "%s", "key": "%s"}
                        """.formatted(
                                        nats.url(), authority.certificate(), own.certificate(), own.key()))
                        .toString());
        assertThat(credentials(context, 0).toString()).contains("user relay of account");

        try (TestNats token = TestNats.start(options(server).with("authorization { token: s3cr3t }"))) {
            Map<String, String> bearer = settings(nobody);
            bearer.put("outbox.nats.url", token.url());
            bearer.put(
                    "outbox.nats.token-file",
                    Certificates.write(folder.resolve("token"), "s3cr3t\n").toString());
            assertThat(credentials(bearer, 0).path("status").asText()).isEqualTo("pass");
        }
        assertThat(refused.get(20, TimeUnit.SECONDS)).contains("refuses the relay", "set a way to log in");
    }

    private static JsonNode credentials(Map<String, String> settings, int exit) {
        return CommandLineRun.check(CommandLineRun.environment(settings), "nats-credentials", exit);
    }

    @Test
    void a_nats_server_that_is_not_trusted_or_does_not_trust_is_refused_with_the_setting_that_mends_it()
            throws Exception {
        // seconds pass until the library has done with a server that wants a certificate
        CompletableFuture<String> without = CompletableFuture.supplyAsync(
                () -> tls(settings(Map.of("outbox.nats.tls.cert-file", "", "outbox.nats.tls.key-file", ""))));

        assertThat(tls(settings(
                        Map.of("outbox.nats.tls.ca-file", stranger.certificate().toString()))))
                .contains("is not from anybody that the relay trusts", "outbox.nats.tls.ca-file");
        try (TestNats old = TestNats.start(options(expired));
                TestNats other = TestNats.start(options(elsewhere))) {
            assertThat(tls(settings(Map.of("outbox.nats.url", old.url()))))
                    .contains(old.url(), "out of date", "renew it on the server");
            assertThat(tls(settings(Map.of("outbox.nats.url", other.url()))))
                    .contains(other.url(), "is for another name", "write into the URL");
            assertThat(tls(settings(Map.of("outbox.nats.url", other.url().replace("127.0.0.1", "localhost")))))
                    .contains("is for another name");
            try (RelayRig rig = RelayRig.start(settings(Map.of("outbox.nats.url", old.url())))) {
                assertThat(rig.refusal().problems())
                        .singleElement()
                        .asString()
                        .contains(old.url(), "out of date", "mend: ");
            }
        }
        // the name that is checked is the one in the URL, whatever address it stands for
        assertThat(CommandLineRun.check(
                                CommandLineRun.environment(settings(
                                        Map.of("outbox.nats.url", nats.url().replace("127.0.0.1", "localhost")))),
                                "nats-tls",
                                0)
                        .path("status")
                        .asText())
                .isEqualTo("pass");
        assertThat(without.get(20, TimeUnit.SECONDS))
                .contains("certificate", "outbox.nats.tls.cert-file", "outbox.nats.tls.key-file");
    }

    private static String tls(Map<String, String> settings) {
        return CommandLineRun.check(CommandLineRun.environment(settings), "nats-tls", 1)
                .toString();
    }

    @Test
    void a_postgres_server_that_is_not_trusted_or_does_not_trust_is_refused_with_the_setting_that_mends_it()
            throws Exception {
        assertThat(connection(settings(Map.of(
                        "outbox.postgres.tls.ca-file", stranger.certificate().toString()))))
                .contains("is not from anybody that the relay trusts", "outbox.postgres.tls.ca-file");
        assertThat(connection(
                        settings(Map.of("outbox.postgres.tls.cert-file", "", "outbox.postgres.tls.key-file", ""))))
                .contains("certificate", "outbox.postgres.tls.cert-file", "outbox.postgres.tls.key-file");
        try {
            show(expired);
            assertThat(connection(settings(Map.of()))).contains("out of date", "renew it on the server");
            show(elsewhere);
            assertThat(connection(settings(Map.of()))).contains("is for another name", "write into the URL");
            try (RelayRig rig = RelayRig.start(settings(Map.of()))) {
                assertThat(rig.refusal().problems())
                        .singleElement()
                        .asString()
                        .contains("is for another name", "mend: ");
            }
        } finally {
            show(server);
        }
        assertThat(CommandLineRun.check(CommandLineRun.environment(settings(Map.of())), "postgres-connection", 0)
                        .path("status")
                        .asText())
                .isEqualTo("pass");
    }

    private static void show(Pair pair) throws Exception {
        try (java.sql.Connection before = postgres.superuser()) {
            postgres.set("ssl_cert_file", pair.certificate().toString());
            postgres.set("ssl_key_file", pair.key().toString());
            Await.until("the server has read its settings", () -> {
                try (java.sql.Connection fresh = postgres.superuser();
                        var statement = fresh.createStatement();
                        var result = statement.executeQuery("SHOW ssl_key_file")) {
                    result.next();
                    return result.getString(1).equals(pair.key().toString());
                }
            });
        }
    }

    private static String connection(Map<String, String> settings) {
        return CommandLineRun.check(CommandLineRun.environment(settings), "postgres-connection", 1)
                .toString();
    }

    @Test
    void a_passfile_gives_the_password_of_the_line_that_fits() {
        String good = postgres.password(TestPostgres.RELAY);
        Path file = Certificates.write(
                folder.resolve("pgpass"),
                "# the relay's\nelsewhere:*:*:outbox_relay:no\n*:" + postgres.port() + ":" + outbox.database()
                        + ":outbox_relay:" + good + "\n");
        Map<String, String> settings =
                settings(Map.of("outbox.postgres.password-file", "", "outbox.postgres.passfile", file.toString()));

        assertThat(CommandLineRun.check(CommandLineRun.environment(settings), "postgres-connection", 0)
                        .path("status")
                        .asText())
                .isEqualTo("pass");
        Certificates.write(file, "elsewhere:*:*:outbox_relay:" + good + "\n");
        assertThat(connection(settings))
                .contains("outbox.postgres.passfile", "no line of " + file)
                .doesNotContain(good);
    }

    @Test
    void everything_that_is_wrong_with_files_is_said_at_once() throws Exception {
        Path sealed = folder.resolve("sealed.key");
        certificates.openssl(
                "pkcs8", "-topk8", "-in", own.key().toString(), "-passout", "pass:x", "-out", sealed.toString());
        Map<String, String> settings = settings(Map.of(
                "outbox.postgres.password-file", folder.resolve("none").toString(),
                "outbox.postgres.tls.key-file", sealed.toString(),
                "outbox.nats.tls.key-file", server.key().toString()));

        try (RelayRig rig = RelayRig.start(settings)) {
            assertThat(rig.refusal().problems())
                    .hasSize(3)
                    .allMatch(problem -> problem.contains("mend: "))
                    .anyMatch(problem ->
                            problem.startsWith("outbox.postgres.password-file: ") && problem.contains("does not exist"))
                    .anyMatch(problem ->
                            problem.startsWith("outbox.postgres.tls.key-file: ") && problem.contains("is encrypted"))
                    .anyMatch(problem -> problem.startsWith("outbox.nats.tls.key-file: ")
                            && problem.contains("is not the key of the certificate in " + own.certificate()));
        }
    }
}

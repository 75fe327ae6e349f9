package dev.outboxrelay.path;

import dev.outboxrelay.config.TlsFiles;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Certificates.Pair;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.Operator;
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
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Secrets of both ends are replaced while applications write. The servers change first, so that each time the relay is
 * refused, says why, and comes back by itself when the file is there: the same process, every event once and in order.
 */
final class RotationIT {

    private static final String HERE = "DNS:localhost,IP:127.0.0.1";

    private static final String HBA = """
            hostssl certificates outbox_relay all scram-sha-256 clientcert=verify-full
            host    certificates outbox_relay all reject
            host    all          all          all scram-sha-256
            """;

    @TempDir
    private static Path folder;

    private static Certificates certificates;
    private static Pair authority;
    private static TestPostgres postgres;

    @BeforeAll
    static void start() throws Exception {
        certificates = new Certificates(folder);
        authority = certificates.authority("authority");
        Pair server = certificates.signed(authority, "server", "server", HERE);
        Path hba = Files.writeString(folder.resolve("pg_hba.conf"), HBA);
        certificates.giveToServers();
        postgres = TestPostgres.startProcess(PostgresOptions.defaults()
                .with("ssl", "on")
                .with("ssl_cert_file", server.certificate().toString())
                .with("ssl_key_file", server.key().toString())
                .with("ssl_ca_file", authority.certificate().toString())
                .with("hba_file", hba.toString()));
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    /** One way to come to NATS whose secret is in a file. */
    private enum Way {
        NKEY("nkey-file") {
            @Override
            String secret() throws Exception {
                return new String(NKey.createUser(null).getSeed());
            }

            @Override
            String authorization(String secret) throws Exception {
                String user = new String(NKey.fromSeed(secret.toCharArray()).getPublicKey());
                return "users: [ { nkey: " + user + " }, { user: reader, password: reader } ]";
            }
        },
        TOKEN("token-file") {
            @Override
            String authorization(String secret) {
                return "token: " + secret;
            }

            @Override
            String reader(String secret) {
                return secret;
            }
        },
        PASSWORD("password-file") {
            @Override
            String authorization(String secret) {
                return "users: [ { user: relay, password: " + secret + " }, { user: reader, password: reader } ]";
            }
        };

        private final String setting;

        Way(String setting) {
            this.setting = "outbox.nats." + setting;
        }

        String secret() throws Exception {
            return "s3cret" + Long.toHexString(new java.security.SecureRandom().nextLong());
        }

        abstract String authorization(String secret) throws Exception;

        /** What a test's own client puts before the host of the URL. */
        String reader(String secret) {
            return "reader:reader";
        }
    }

    /** One relay for each way, all at once: most of the time is spent waiting for the library to see a refusal. */
    @Test
    void passwords_tokens_and_keys_in_files_are_replaced() throws Exception {
        try (Trial nkey = new Trial(Way.NKEY, "passfile");
                Trial token = new Trial(Way.TOKEN, "password-file");
                Trial password = new Trial(Way.PASSWORD, "password-file")) {
            List<Trial> all = List.of(nkey, token, password);
            for (Trial trial : all) {
                trial.rotation.awaitWork();
            }

            for (Trial trial : all) {
                trial.changeOnServer();
            }
            for (Trial trial : all) {
                trial.rotation.awaitRefusal("NATS", "refuses the relay", trial.way.setting, trial.nats.toString());
                trial.changeFile();
            }
            for (Trial trial : all) {
                trial.rotation.awaitWork();
            }

            postgres.execute("ALTER ROLE outbox_relay PASSWORD 'an0ther'");
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'outbox_relay'");
            changePassword(all, "an0ther");
            postgres.execute("ALTER ROLE outbox_relay PASSWORD 'y3tanother'");
            postgres.restart();
            changePassword(all, "y3tanother");

            for (Trial trial : all) {
                trial.demand();
            }
        } finally {
            postgres.execute("ALTER ROLE outbox_relay PASSWORD '" + postgres.password(TestPostgres.RELAY) + "'");
        }
    }

    private static void changePassword(List<Trial> all, String password) throws Exception {
        for (Trial trial : all) {
            trial.rotation.awaitRefusal(
                    "PostgreSQL",
                    "password authentication failed",
                    "outbox.postgres." + trial.passwords,
                    trial.passwordFile.toString());
            trial.password(password);
        }
        for (Trial trial : all) {
            trial.rotation.awaitWork();
        }
    }

    /** A relay that comes to NATS in one way, and whose password for the database is in one kind of file. */
    private static final class Trial implements AutoCloseable {

        private final Way way;
        private final String passwords;
        private final String first;
        private final String second;
        private final Path nats;
        private final Path passwordFile;
        private final TestNats server;
        private final Outbox outbox;
        private final Rotation rotation;

        Trial(Way way, String passwords) throws Exception {
            this.way = way;
            this.passwords = passwords;
            first = way.secret();
            second = way.secret();
            nats = Certificates.write(folder.resolve("nats." + way), first + "\n");
            passwordFile = folder.resolve("postgres." + way);
            password(postgres.password(TestPostgres.RELAY));
            Path included = authorization(way, first);
            server = TestNats.start(nats().with("include \"" + fromItsFolder(included.getFileName()) + "\""));
            outbox = Outbox.create(postgres, "rotation_" + way.name().toLowerCase(Locale.ROOT));
            Map<String, String> settings = new TreeMap<>(
                    Map.of(way.setting, nats.toString(), "outbox.postgres." + passwords, passwordFile.toString()));
            if (way == Way.PASSWORD) {
                settings.put("outbox.nats.user", "relay");
            }
            rotation = Rotation.start(outbox, server, settings, folder.resolve(way + ".log"));
            rotation.mustKeep(first, second, postgres.password(TestPostgres.RELAY), "an0ther", "y3tanother");
        }

        void changeOnServer() throws Exception {
            Path unused = authorization(way, second);
            server.node(0).reload();
        }

        void changeFile() {
            Certificates.write(nats, second + "\n");
        }

        private void password(String password) {
            boolean isLine = passwords.equals("passfile");
            Certificates.write(
                    passwordFile, (isLine ? "*:" + postgres.port() + ":*:outbox_relay:" + password : password) + "\n");
        }

        void demand() throws Exception {
            try (Connection reader = Nats.connect(server.url().replace("//", "//" + way.reader(second) + "@"))) {
                rotation.demand(reader);
            }
        }

        @Override
        public void close() throws Exception {
            rotation.close();
            server.close();
            outbox.close();
        }
    }

    private static Path authorization(Way way, String secret) throws Exception {
        return Certificates.write(
                folder.resolve(way + ".conf"), "authorization { " + way.authorization(secret) + " }\n");
    }

    @Test
    void credentials_that_expire_are_replaced_before_and_after() throws Exception {
        Operator operator = new Operator();
        Path file = Certificates.write(folder.resolve("relay.creds"), operator.credentials(Duration.ofHours(1)));
        Path own = Certificates.write(folder.resolve("reader.creds"), operator.credentials(Duration.ofHours(1)));
        try (TestNats server = TestNats.start(nats().with(operator.configuration()));
                Outbox outbox = Outbox.create(postgres, "rotation_credentials");
                Rotation rotation = Rotation.start(
                        outbox,
                        server,
                        Map.of("outbox.nats.credentials-file", file.toString()),
                        folder.resolve("creds.log"))) {
            rotation.awaitWork();
            rotation.mustKeep(secretsIn(Files.readString(file)));
            String soon = operator.credentials(Duration.ofSeconds(6));
            String later = operator.credentials(Duration.ofSeconds(12));
            String good = operator.credentials(Duration.ofHours(1));
            rotation.mustKeep(secretsIn(soon + later + good));
            Certificates.write(file, soon);
            server.restart();
            rotation.awaitWork();

            Certificates.write(file, later);
            rotation.awaitLog("User Authentication Expired");
            rotation.awaitWork();

            rotation.awaitRefusal(
                    "NATS", "refuses the relay", "outbox.nats.credentials-file", file.toString(), "good until 20");
            Certificates.write(file, good);
            rotation.awaitWork();

            try (Connection reader = Nats.connect(server.url(), Nats.credentials(own.toString()))) {
                rotation.demand(reader);
            }
        }
    }

    /** Tokens and seeds are the only words of such a file that are as long as this. */
    private static String[] secretsIn(String credentials) {
        return Stream.of(credentials.split("\\s+"))
                .filter(word -> word.length() > 40)
                .toArray(String[]::new);
    }

    @Test
    void certificates_and_the_authority_are_replaced_on_both_ends() throws Exception {
        Pair shown = new Pair(folder.resolve("shown.pem"), folder.resolve("shown.key"));
        Path trusted = folder.resolve("trusted.pem"); // whom the server of NATS believes its clients
        Pair own = new Pair(folder.resolve("own.pem"), folder.resolve("own.key"));
        Path believed = folder.resolve("believed.pem"); // whom the relay believes the servers
        put(certificates.signed(authority, "first", "server", HERE), shown);
        put(certificates.signed(authority, "first-relay", TestPostgres.RELAY, "DNS:relay"), own);
        put(authority.certificate(), trusted);
        put(authority.certificate(), believed);
        certificates.giveToServers();
        Map<String, String> settings = new HashMap<>();
        for (String end : List.of("nats", "postgres")) {
            settings.put("outbox." + end + ".tls.ca-file", believed.toString());
            settings.put("outbox." + end + ".tls.cert-file", own.certificate().toString());
            settings.put("outbox." + end + ".tls.key-file", own.key().toString());
        }
        try (TestNats server = TestNats.start(nats().with("tls { cert_file: \"" + shown.certificate()
                        + "\", key_file: \"" + shown.key() + "\", ca_file: \"" + trusted
                        + "\", verify: true, timeout: 5 }"));
                Outbox outbox = Outbox.create(postgres, "certificates");
                Rotation rotation = Rotation.start(outbox, server, settings, folder.resolve("certificates.log"))) {
            rotation.awaitWork();
            Pair next = certificates.authority("next");
            Pair nextServer = certificates.signed(next, "next-server", "server", HERE);
            Pair nextOwn = certificates.signed(next, "next-relay", TestPostgres.RELAY, "DNS:relay");
            for (Path key : List.of(own.key(), nextOwn.key())) {
                rotation.mustKeep(Files.readAllLines(key).get(1));
            }
            put(nextServer, shown);
            put(next.certificate(), trusted);
            certificates.giveToServers();
            server.restart();
            rotation.awaitRefusal("NATS", "outbox.nats.tls.ca-file", believed.toString());
            Certificates.write(
                    believed, Files.readString(authority.certificate()) + Files.readString(next.certificate()));
            rotation.awaitRefusal(
                    "NATS", "outbox.nats.tls.cert-file", own.certificate().toString());
            put(nextOwn, own);
            rotation.awaitWork();

            postgres.set("ssl_cert_file", nextServer.certificate().toString());
            postgres.set("ssl_key_file", nextServer.key().toString());
            postgres.set("ssl_ca_file", next.certificate().toString());
            put(certificates.signed(authority, "first-again", TestPostgres.RELAY, "DNS:relay"), own);
            postgres.restart();
            rotation.awaitRefusal(
                    "PostgreSQL",
                    "outbox.postgres.tls.cert-file",
                    own.certificate().toString());
            Certificates.write(believed, Files.readString(next.certificate()));
            put(nextOwn, own);
            rotation.awaitWork();

            Options.Builder options = Options.builder()
                    .server(server.url())
                    .sslContext(PemContext.read(
                            new TlsFiles("test", next.certificate(), nextOwn.certificate(), nextOwn.key())));
            try (Connection reader = Nats.connect(options.build())) {
                rotation.demand(reader);
            }
        }
    }

    private static void put(Pair from, Pair to) throws Exception {
        put(from.certificate(), to.certificate());
        put(from.key(), to.key());
    }

    /** In one step, as whoever rotates should. */
    private static void put(Path from, Path to) throws Exception {
        Certificates.write(to, Files.readString(from));
    }

    private static NatsOptions nats() {
        return new NatsOptions("newest", "", "", "", null, null, ServerMode.PROCESSES);
    }

    /** A server of NATS reads what its configuration includes from the folder of its own. */
    private static Path fromItsFolder(Path file) {
        return Path.of("..")
                .resolve(Path.of(System.getProperty("java.io.tmpdir")).relativize(folder.resolve(file)));
    }
}

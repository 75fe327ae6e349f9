package dev.outboxrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LoginReaderTest {

    private static Reading read(String... pairs) {
        Map<String, RawValue> raw = new TreeMap<>();
        raw.put("outbox.postgres.url", new RawValue("jdbc:postgresql://db/shop", "test"));
        raw.put("outbox.nats.url", new RawValue("nats://n", "test"));
        for (String pair : pairs) {
            String[] parts = pair.split("=", 2);
            raw.put("outbox." + parts[0], new RawValue(parts[1], "test"));
        }
        return SettingsReader.read(raw);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nats.nkey-file=a nats.credentials-file=b | outbox.nats.nkey-file | second way to log in, beside"
                        + " outbox.nats.credentials-file (test)",
                "nats.url=nats://u:hunter2@n nats.token=hunter2 | outbox.nats.token | beside a user in outbox.nats.url",
                "nats.url=n1,u:hunter2@n nats.nkey-file=a | outbox.nats.nkey-file | beside a user in outbox.nats.url",
                "nats.user=a | outbox.nats.user | it has no password",
                "nats.password=hunter2 | outbox.nats.password | it is nobody's",
                "nats.user=a nats.password=hunter2 nats.password-file=b | outbox.nats.password-file | is given too",
                "nats.token=hunter2 nats.token-file=b | outbox.nats.token-file | outbox.nats.token is given too",
                "nats.tls.cert-file=a | outbox.nats.tls.cert-file | outbox.nats.tls.key-file is not set",
                "nats.tls.key-file=a | outbox.nats.tls.key-file | outbox.nats.tls.cert-file is not set",
                "nats.url=ws://n nats.tls.ca-file=a | outbox.nats.tls.ca-file | begins with ws://",
                "nats.url=ws://n nats.tls.handshake-first=true | outbox.nats.tls.handshake-first | begins with ws://",
                "postgres.password=hunter2 postgres.passfile=a | outbox.postgres.passfile | is given too",
                "postgres.tls.cert-file=a postgres.tls.key-file=b | outbox.postgres.tls.cert-file | does not check",
                "postgres.tls.ca-file=a postgres.url=jdbc:postgresql://db/shop?sslmode=require"
                        + " | outbox.postgres.tls.ca-file | has sslmode=require, which does not check the server",
                "postgres.tls.ca-file=a postgres.url=jdbc:postgresql://db/shop?x=y&sslrootcert=b"
                        + " | outbox.postgres.tls.ca-file | has the parameter sslrootcert"
            })
    void what_contradicts_is_refused(String settings, String what, String why) {
        assertThat(read(settings.strip().split(" ")))
                .isInstanceOfSatisfying(
                        Reading.Rejected.class,
                        rejected -> assertThat(rejected.problems())
                                .singleElement()
                                .satisfies(problem -> {
                                    assertThat(problem.what()).isEqualTo(what);
                                    assertThat(problem.why()).contains(why);
                                    assertThat(problem.toString()).doesNotContain("hunter2");
                                }));
    }

    @Test
    void everything_that_contradicts_is_said_at_once() {
        assertThat(read("nats.user=a", "nats.nkey-file=b", "nats.tls.cert-file=c", "postgres.tls.key-file=d"))
                .isInstanceOfSatisfying(
                        Reading.Rejected.class,
                        rejected -> assertThat(rejected.problems()).hasSize(5));
    }

    @ParameterizedTest
    @CsvSource({
        "nats.user=a nats.password-file=b nats.tls.ca-file=c",
        "nats.nkey-file=a nats.tls.ca-file=b nats.tls.cert-file=c nats.tls.key-file=d",
        "nats.url=tls://n nats.token-file=a nats.tls.handshake-first=true",
        "nats.url=wss://n nats.tls.ca-file=a",
        "postgres.tls.ca-file=a postgres.url=jdbc:postgresql://db/shop?sslmode=verify-ca",
        "postgres.url=jdbc:postgresql://db/shop?sslmode=verify-full&sslrootcert=a postgres.passfile=b"
    })
    void what_goes_together_does(String settings) {
        assertThat(read(settings.split(" "))).isInstanceOf(Reading.Complete.class);
    }

    @Test
    void files_are_named_and_secrets_are_not_shown() {
        Settings settings = ((Reading.Complete) read(
                        "nats.user=relay",
                        "nats.password=hunter2",
                        "postgres.password-file=/run/pw",
                        "postgres.tls.ca-file=/etc/ca.pem"))
                .settings();

        assertThat(settings.postgres().login().passwordFile()).isEqualTo(Path.of("/run/pw"));
        assertThat(settings.postgres().tls().ca()).isEqualTo(Path.of("/etc/ca.pem"));
        assertThat(settings.nats().login().contextFile()).isNull();
        assertThat(List.of(Arrays.asList(settings.nats(), settings.postgres())).toString())
                .doesNotContain("hunter2");
    }
}

package dev.outboxrelay.publish;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileLoginTest {

    @TempDir
    private Path folder;

    @Test
    void credentials_say_until_when_they_are_good() throws Exception {
        assertThat(login("{\"nats\":{\"exp\":1},\"exp\":1700000000}").goodUntil())
                .contains(Instant.ofEpochSecond(1_700_000_000));
        assertThat(login("{\"sub\":\"x\"}").goodUntil()).isEmpty();
    }

    /** Whoever asks is about to say why NATS refuses the relay; another exception would end it. */
    @Test
    void a_time_that_is_none_is_not_said() throws Exception {
        for (String exp :
                new String[] {"9223372036854775807", "92233720368547758070", "-1", "1e300", "\"soon\"", "{}"}) {
            assertThat(login("{\"exp\":" + exp + "}").goodUntil()).as(exp).isEmpty();
        }
    }

    private FileLogin login(String claims) throws Exception {
        String payload =
                Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8));
        Path file = folder.resolve("relay.creds");
        Files.writeString(
                file,
                "-----BEGIN NATS USER JWT-----\nhead." + payload + ".sign\n------END NATS USER JWT------\n\n"
                        + "-----BEGIN USER NKEY SEED-----\nSU" + "A".repeat(56)
                        + "\n------END USER NKEY SEED------\n");
        return FileLogin.ofCredentials(file);
    }
}

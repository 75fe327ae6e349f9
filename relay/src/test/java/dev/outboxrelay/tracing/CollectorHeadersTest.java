package dev.outboxrelay.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.tls.SecretFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CollectorHeadersTest {

    @TempDir
    private Path folder;

    private CollectorHeaders file(String text) {
        return new CollectorHeaders(Certificates.write(folder.resolve("headers"), text));
    }

    @Test
    void one_header_in_a_line() {
        assertThat(file("Authorization: Bearer a:b=c \r\n\nx-team:\t shop\nempty:\n")
                        .get())
                .containsExactly(entry("Authorization", "Bearer a:b=c"), entry("x-team", "shop"), entry("empty", ""));
    }

    @Test
    void it_is_read_again_each_time() {
        CollectorHeaders headers = file("a: 1");
        assertThat(headers.get()).containsExactly(entry("a", "1"));

        Certificates.write(folder.resolve("headers"), "a: 2");

        assertThat(headers.get()).containsExactly(entry("a", "2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "secret",
                ": secret",
                "a b: secret",
                "ü: secret",
                "a: secret\u00fc",
                "a: secret\u0007",
                "Content-Length: secret",
                "HOST: secret"
            })
    void what_is_no_header_is_refused_with_its_line_and_without_showing_it(String line) {
        assertThatThrownBy(() -> file("fine: 1\n" + line).read())
                .isInstanceOf(SecretFileException.class)
                .hasMessageContaining("outbox.tracing.headers-file")
                .hasMessageContaining("line 2")
                .hasMessageNotContaining("secret");
    }

    @Test
    void a_file_that_is_not_there_says_so() {
        assertThatThrownBy(() -> new CollectorHeaders(folder.resolve("nothing")).read())
                .isInstanceOf(SecretFileException.class)
                .hasMessageContaining("does not exist");
    }
}

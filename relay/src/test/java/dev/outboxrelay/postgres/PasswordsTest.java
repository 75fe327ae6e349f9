package dev.outboxrelay.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Secret;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PasswordsTest {

    private static final Endpoint SERVER = new Endpoint("db.example", 5432, "shop", Map.of());

    private static String password(String lines) {
        return Passwords.fromPassfile(lines, "relay", SERVER)
                .map(Secret::reveal)
                .orElse("none");
    }

    @Test
    void the_first_line_that_fits_counts() {
        assertThat(password("""
                #db.example:5432:shop:relay:commented
                db.example:5433:shop:relay:other port
                db.example:5432:*:relay:a:b c
                *:*:*:*:last
                """)).isEqualTo("a:b c");
        assertThat(password("*:*:*:*:last")).isEqualTo("last");
        assertThat(password("*:*:*:another:x\nnonsense\n")).isEqualTo("none");
    }

    @Test
    void a_backslash_takes_a_colons_meaning() {
        assertThat(Passwords.fromPassfile("::1:*:shop:a\\:b:c\\\\d\\:e", "a:b", SERVER))
                .isEmpty();
        assertThat(Passwords.fromPassfile(
                                "\\:\\:1:*:shop:a\\:b:c\\\\d\\:e", "a:b", new Endpoint("::1", 1, "shop", Map.of()))
                        .map(Secret::reveal))
                .contains("c\\d:e");
    }
}

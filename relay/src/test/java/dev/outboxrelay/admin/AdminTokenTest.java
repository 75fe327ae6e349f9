package dev.outboxrelay.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.AdminAccess;
import dev.outboxrelay.config.Secret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdminTokenTest {

    private static final String FIRST = "0123456789abcdef-first";
    private static final String SECOND = "0123456789abcdef-second";

    @TempDir
    private Path folder;

    private long now;

    @ParameterizedTest
    @ValueSource(strings = {"Bearer " + FIRST, "bearer " + FIRST, "Bearer   " + FIRST + " "})
    void the_token_lets_in(String header) {
        assertThat(fixed().isShownBy(header)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "Bearer", "Bearer ", FIRST, "Basic " + FIRST, "Bearer " + SECOND, "Bearer 0123456789abcdef"})
    void anything_else_does_not(String header) {
        assertThat(fixed().isShownBy(header)).isFalse();
    }

    @Test
    void no_header_does_not_either_and_without_a_token_nothing_does() {
        AdminToken none = new AdminToken(AdminAccess.READING, () -> now);

        assertThat(fixed().isShownBy(null)).isFalse();
        assertThat(none.isConfigured()).isFalse();
        assertThat(none.isShownBy("Bearer ")).isFalse();
    }

    @Test
    void a_token_that_is_rotated_in_its_file_counts_within_a_second_and_the_old_one_no_more() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), FIRST + "\n");
        AdminToken token = ofFile(file);
        assertThat(token.isShownBy("Bearer " + FIRST)).isTrue();

        Files.writeString(file, SECOND + "\r\n");
        now += 1_000_000_000;

        assertThat(token.isShownBy("Bearer " + FIRST)).isFalse();
        assertThat(token.isShownBy("Bearer " + SECOND)).isTrue();
    }

    @Test
    void a_file_that_is_away_or_empty_lets_nobody_in_until_it_is_back() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), FIRST);
        AdminToken token = ofFile(file);
        assertThat(token.isShownBy("Bearer " + FIRST)).isTrue();

        Files.delete(file);
        now += 1_000_000_000;
        assertThat(token.isShownBy("Bearer " + FIRST)).isFalse();
        Files.writeString(file, "\n");
        now += 1_000_000_000;
        assertThat(token.isShownBy("Bearer ")).isFalse();
        assertThat(token.isConfigured()).isTrue();

        Files.writeString(file, FIRST);
        now += 1_000_000_000;
        assertThat(token.isShownBy("Bearer " + FIRST)).isTrue();
    }

    @Test
    void a_file_with_what_no_header_can_show_lets_nobody_in() throws Exception {
        for (String text : new String[] {"\uFEFF" + FIRST, FIRST + "\n" + SECOND, FIRST + "\u00e4"}) {
            AdminToken token = ofFile(Files.writeString(folder.resolve("token"), text));

            assertThat(token.isShownBy("Bearer " + text)).as(text).isFalse();
        }
    }

    private AdminToken fixed() {
        return new AdminToken(new AdminAccess(new Secret(FIRST), null, false, List.of()), () -> now);
    }

    private AdminToken ofFile(Path file) {
        return new AdminToken(new AdminAccess(Secret.NONE, file, false, List.of()), () -> now);
    }
}

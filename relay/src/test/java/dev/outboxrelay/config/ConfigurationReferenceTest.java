package dev.outboxrelay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page is what the code says. With {@code -Dupdate-docs} it is made anew. */
final class ConfigurationReferenceTest {

    private static final Path PAGE = Repository.root().resolve("relay/docs/configuration.md");

    @Test
    void the_page_is_current() throws IOException {
        String page = ConfigurationReference.page();
        if (System.getProperty("update-docs") != null) {
            Files.writeString(PAGE, page);
        }
        if (!Files.exists(PAGE) || !Files.readString(PAGE).equals(page)) {
            fail("relay/docs/configuration.md is not what the code says. Make it anew with:\n\n    "
                    + ConfigurationReference.COMMAND + "\n");
        }
    }

    @Test
    void every_setting_is_there_with_all_that_people_need_to_know() {
        String page = ConfigurationReference.page();

        assertThat(SettingCatalog.all()).allSatisfy(setting -> {
            assertThat(setting.documentation()).isNotBlank().doesNotContain("\n");
            assertThat(setting.allowed()).isNotBlank();
            assertThat(page).contains("| `" + setting.key().replaceFirst(".*\\[\\*]\\.", "") + "` |");
        });
        assertThat(page.lines().filter(line -> line.startsWith("| `")))
                .hasSameSizeAs(SettingCatalog.all())
                .allSatisfy(line -> assertThat(line.replace("\\|", "").chars().filter(c -> c == '|'))
                        .hasSize(6));
    }
}

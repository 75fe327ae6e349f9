package dev.outboxrelay.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The list in the documentation is the list in the code. */
final class CheckListTest {

    @Test
    void the_documentation_lists_every_check_as_the_code_has_it() throws IOException {
        StringBuilder expected = new StringBuilder();
        for (Group group : Group.values()) {
            expected.append("### ").append(group.title()).append("\n\n| id | why it matters |\n|---|---|\n");
            expected.append(Arrays.stream(Check.values())
                    .filter(check -> check.group() == group)
                    .map(check -> "| `" + check.id() + "` | " + check.why() + " |\n")
                    .collect(Collectors.joining()));
            expected.append('\n');
        }

        String written = Files.readString(Repository.root().resolve("relay/docs/checks.md"));

        String list = written.substring(Math.max(0, written.indexOf("### ")));
        assertThat(list.strip()).isEqualTo(expected.toString().strip());
    }
}

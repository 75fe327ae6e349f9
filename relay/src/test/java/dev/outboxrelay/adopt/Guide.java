package dev.outboxrelay.adopt;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Blocks of the guides, so that a test runs what a reader would: each stands behind a comment that names it. */
final class Guide {

    private final String text;

    private Guide(String text) {
        this.text = text;
    }

    static Guide of(String name) throws IOException {
        return new Guide(Files.readString(path(name)));
    }

    static Path path(String name) {
        return Repository.root().resolve("ops/guides").resolve(name);
    }

    String sql(String name) {
        return block("sql", name);
    }

    String yaml(String name) {
        return block("yaml", name);
    }

    private String block(String language, String name) {
        Matcher matcher = Pattern.compile(
                        "<!-- AdoptionIT: " + Pattern.quote(name) + " -->\n```" + language + "\n(.*?)\n```",
                        Pattern.DOTALL)
                .matcher(text);
        if (!matcher.find()) {
            throw new IllegalArgumentException("no block of " + language + " named " + name);
        }
        return matcher.group(1);
    }
}

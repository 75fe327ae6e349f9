package dev.outboxrelay.lab.torture;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a failing run leaves in its folder, beside the relays' logs. */
final class Evidence {

    private Evidence() {}

    /** What the relays say at this moment. */
    static void confessions(Path folder, Stage stage) throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        for (Instance relay : stage.relays()) {
            text.append(relay.confess());
        }
        Files.writeString(folder.resolve("status.txt"), text);
    }

    /** The logs of the servers. */
    static void logs(Path folder, Stage stage) throws IOException {
        Files.writeString(folder.resolve("postgres.log"), stage.postgres().wholeLog());
        for (int i = 0; i < stage.settings().nodes(); i++) {
            Files.writeString(
                    folder.resolve("nats-n" + (i + 1) + ".log"),
                    stage.nats().node(i).wholeLog());
        }
    }

    /** A tenant's rows and messages side by side, as the checker saw them. */
    static void tenant(Path folder, int place, List<Expected> rows, @Nullable StreamContents stream, Operated operated)
            throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(folder.resolve("tenant-" + place + "-rows.txt"))) {
            for (Expected row : rows) {
                out.write(row.number() + " " + row.id() + " " + row.committedAt() + " " + row.subject() + " row="
                        + row.row() + " reason=" + row.reason() + " dead=" + row.dead() + "\n");
            }
        }
        if (stream != null) {
            stream(folder.resolve("tenant-" + place + "-stream.txt"), stream);
        }
        for (int i = 0; i < operated.archives().size(); i++) {
            stream(
                    folder.resolve("tenant-" + place + "-archive-" + i + ".txt"),
                    operated.archives().get(i));
        }
        if (!operated.commands().isEmpty()) {
            Files.write(
                    folder.resolve("tenant-" + place + "-commands.txt"),
                    operated.commands().stream().map(Object::toString).toList());
        }
    }

    private static void stream(Path file, StreamContents stream) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (Stored message : stream.messages()) {
                out.write(message.sequence() + " " + message.id() + " " + message.subject() + " " + message.headers()
                        + "\n");
            }
        }
    }

    static void violations(Path folder, Settings settings, List<Violation> violations) throws IOException {
        StringBuilder text = new StringBuilder(settings + "\n");
        violations.forEach(violation -> text.append(violation).append('\n'));
        Files.writeString(folder.resolve("violations.txt"), text);
    }
}

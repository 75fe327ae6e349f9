package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Starts programs that refuse to run as root, as Postgres does: in a user namespace of their own, or, where the kernel
 * or a container forbids that, as the user {@code nobody}. For any other user it changes nothing.
 */
final class Unprivileged {
    private static final String NOBODY = "65534";
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));
    private static final boolean NAMESPACES = ROOT && succeeds(List.of("unshare", "-U", "true"));

    private Unprivileged() {}

    /** Returns the command that runs this command without root's rights; the process id stays the same. */
    static List<String> command(List<String> command) {
        if (!ROOT) {
            return command;
        }
        Stream<String> prefix = NAMESPACES
                ? Stream.of("unshare", "-U")
                : Stream.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
        return Stream.concat(prefix, command.stream()).toList();
    }

    /** Makes such a program the owner of the folder and all in it. */
    static void give(Path folder) {
        if (ROOT && !NAMESPACES && !succeeds(List.of("chown", "-R", NOBODY + ":" + NOBODY, folder.toString()))) {
            throw new IllegalStateException("cannot give " + folder + " to the user nobody");
        }
    }

    /** Returns a folder for caches that such a process can reach: root's own home is closed to {@code nobody}. */
    static Path cacheHome() {
        return ROOT && !NAMESPACES
                ? Path.of(System.getProperty("java.io.tmpdir"), "outbox-relay-programs")
                : Folders.cacheHome();
    }

    private static boolean succeeds(List<String> command) {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException missing) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted while running " + command, e));
        }
    }
}

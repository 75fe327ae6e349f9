package dev.outboxrelay.demo;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Programs that this machine has. */
final class Programs {

    private Programs() {}

    /** Finds a program on the PATH. */
    static Optional<Path> find(String name) {
        String path = System.getenv("PATH");
        return Stream.of((path == null ? "" : path).split(File.pathSeparator, -1))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, name).toAbsolutePath())
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }

    /** Runs a command silently; whether it exists and ended with 0. */
    static boolean succeeds(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    /**
     * Puts a command into a session of its own, with the same process id: Ctrl-C goes to every process of the
     * terminal's foreground group, and the servers must outlive it until everything is drained and compared. Where
     * neither {@code setsid} nor {@code perl} exists the command stays as it is.
     */
    static List<String> detached(List<String> command) {
        List<String> prefix = find("setsid")
                .map(setsid -> List.of(setsid.toString()))
                .or(() -> find("perl")
                        .map(perl -> List.of(perl.toString(), "-e", "use POSIX; POSIX::setsid(); exec @ARGV")))
                .orElse(List.of());
        return Stream.concat(prefix.stream(), command.stream()).toList();
    }
}

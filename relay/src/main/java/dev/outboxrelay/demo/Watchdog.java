package dev.outboxrelay.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A small shell beside this JVM that cleans up if the JVM cannot: when its standard input ends without a word, which
 * even {@code kill -9} brings about, it ends the servers that it was told of and removes the folder.
 */
final class Watchdog implements AutoCloseable {

    private static final String SCRIPT = """
            watched=
            while read -r word pid signal; do
              case $word in
                watch) watched="$watched $pid:$signal" ;;
                forget) watched=$(printf '%s' "$watched" | sed "s/ $pid:[A-Z]*//") ;;
                done) exit 0 ;;
              esac
            done
            for one in $watched; do kill -s "${one#*:}" "${one%:*}" 2>/dev/null; done
            tries=0
            for one in $watched; do
              while kill -s 0 "${one%:*}" 2>/dev/null; do
                tries=$((tries + 1))
                [ "$tries" -le 50 ] || kill -s KILL "${one%:*}" 2>/dev/null
                [ "$tries" -le 60 ] || break
                sleep 0.1
              done
            done
            rm -rf "$1"
            """;

    private final Process shell;
    private final Writer words;
    private final Set<Long> watched = new HashSet<>();

    private Watchdog(Process shell) {
        this.shell = shell;
        this.words = shell.outputWriter(StandardCharsets.US_ASCII);
    }

    /** Starts it; from now on the folder goes when this JVM goes. */
    static Watchdog start(Path folder) throws DemoFailed {
        try {
            return new Watchdog(new ProcessBuilder(Programs.detached(
                            List.of("sh", "-c", SCRIPT, "outbox-relay-demo-watchdog", folder.toString())))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start());
        } catch (IOException e) {
            throw new DemoFailed("cannot start a shell", e);
        }
    }

    /** Tells it of a process, and the signal that ends it at once without leaving anything. */
    synchronized void watch(long pid, String signal) {
        watched.add(pid);
        say("watch " + pid + " " + signal);
    }

    /** The process is gone: its id may soon be somebody else's. */
    synchronized void forget(long pid) {
        watched.remove(pid);
        say("forget " + pid);
    }

    /** Nothing is left to do for it, unless a bug left a process behind: that one it ends. */
    @Override
    public synchronized void close() {
        try {
            if (watched.isEmpty()) {
                say("done");
            }
            words.close();
        } catch (IOException | UncheckedIOException alreadyGone) {
            shell.destroy();
        }
    }

    private void say(String word) {
        try {
            words.write(word + "\n");
            words.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("the demo's watchdog is gone", e);
        }
    }
}

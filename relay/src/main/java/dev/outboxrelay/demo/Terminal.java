package dev.outboxrelay.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The terminal that the standard output goes to. */
record Terminal(int columns, int rows) {

    private static final Terminal USUAL = new Terminal(100, 40);

    /** Whether there is one that understands cursor movements. Asked of the system: the JDK's answer changed in 22. */
    static boolean isAttached() throws InterruptedException {
        String kind = System.getenv("TERM");
        if (kind == null || kind.isEmpty() || kind.equals("dumb")) {
            return false;
        }
        try {
            return new ProcessBuilder("test", "-t", "1")
                            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Its size now, or a usual one where it does not say. */
    static Terminal size() throws InterruptedException {
        return said().orElse(USUAL);
    }

    private static Optional<Terminal> said() throws InterruptedException {
        try {
            Process stty = new ProcessBuilder("sh", "-c", "stty size </dev/tty 2>/dev/null").start();
            String said = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            if (stty.waitFor() != 0) {
                return Optional.empty();
            }
            List<String> numbers = List.of(said.split(" ", -1));
            int rows = Integer.parseInt(numbers.get(0));
            int columns = Integer.parseInt(numbers.get(1));
            return rows > 0 && columns > 0 ? Optional.of(new Terminal(columns, rows)) : Optional.empty();
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }
}

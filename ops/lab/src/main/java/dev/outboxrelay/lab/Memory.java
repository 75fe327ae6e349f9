package dev.outboxrelay.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What a process has in memory, in MB, from {@code /proc/PID/smaps_rollup}; see proc(5).
 *
 * @param resident everything (RSS): also what other processes have too, such as the code of the JVM
 * @param proportional each shared page divided by how many processes have it (PSS): adds up over processes
 * @param own what would be free if it ended (USS)
 */
record Memory(double resident, double proportional, double own) {

    private static final double KB_PER_MB = 1024;

    static Memory of(long pid) throws IOException {
        Map<String, Long> kilobytes = new HashMap<>();
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
            String[] words = line.split("\\s+", -1);
            if (words.length >= 3 && words[2].equals("kB")) {
                kilobytes.put(words[0], Long.parseLong(words[1]));
            }
        }
        return new Memory(
                megabytes(kilobytes, "Rss:"),
                megabytes(kilobytes, "Pss:"),
                megabytes(kilobytes, "Private_Clean:") + megabytes(kilobytes, "Private_Dirty:"));
    }

    private static double megabytes(Map<String, Long> kilobytes, String name) {
        return kilobytes.getOrDefault(name, 0L) / KB_PER_MB;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "RSS %.0f MB, PSS %.0f MB, own %.0f MB", resident, proportional, own);
    }
}

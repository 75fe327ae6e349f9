package dev.outboxrelay.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the log of a JVM's collections ({@code -Xlog:gc}) tells. */
final class HeapLog {

    private static final Pattern COLLECTION = Pattern.compile("Pause .* (\\d+)M->(\\d+)M\\(");

    private HeapLog() {}

    /** The option that makes a JVM write one. */
    static String option(Path file) {
        return "-Xlog:gc:file=" + file;
    }

    /** Bytes allocated up to the last collection: what each found beyond what the one before had left. */
    static double allocated(Path file) {
        long megabytes = 0;
        long left = 0;
        try {
            for (String line : Files.readAllLines(file)) {
                Matcher collection = COLLECTION.matcher(line);
                if (collection.find()) {
                    megabytes += Long.parseLong(collection.group(1)) - left;
                    left = Long.parseLong(collection.group(2));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
        return megabytes * 1024.0 * 1024.0;
    }
}

package dev.outboxrelay.tracing;

import dev.outboxrelay.tls.SecretFile;
import dev.outboxrelay.tls.SecretFileException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The headers of a file, one {@code Name: value} in a line, for each request as the file is then. Any thread.
 *
 * <p>Judged here and not by who sends them, whose errors may show a value.
 */
public final class CollectorHeaders implements Supplier<Map<String, String>> {

    /** Which setting names the file. */
    public static final String SETTING = "outbox.tracing.headers-file";

    private static final Pattern LINE = Pattern.compile("([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \\t]*([ -~]*?)[ \\t]*");

    /** Those that say how a request is sent. */
    private static final Set<String> NOT_OURS = Set.of(
            "connection",
            "content-encoding",
            "content-length",
            "content-type",
            "expect",
            "host",
            "transfer-encoding",
            "upgrade");

    private final SecretFile file;

    public CollectorHeaders(Path file) {
        this.file = new SecretFile(SETTING, file);
    }

    /** The headers; throws when the file cannot be used. */
    @Override
    public Map<String, String> get() {
        try {
            return read();
        } catch (SecretFileException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The same with what is wrong as an exception that has to be dealt with.
     *
     * @throws SecretFileException when the file cannot be used; it shows none of the file's content
     */
    public Map<String, String> read() throws SecretFileException {
        Map<String, String> headers = new LinkedHashMap<>();
        int number = 0;
        for (String line : file.text().split("\\R", -1)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            Matcher header = LINE.matcher(line);
            if (!header.matches() || NOT_OURS.contains(header.group(1).toLowerCase(Locale.ROOT))) {
                throw file.wrong(
                        "has in line " + number + " no header that can be sent",
                        "write one Name: value in a line, printable ASCII, and none that says how a request is sent");
            }
            headers.put(header.group(1), header.group(2));
        }
        return headers;
    }
}

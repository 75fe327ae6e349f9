package dev.outboxrelay.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The status page's own files. They hold no data, so everybody may have them. Immutable. */
final class StaticFiles {

    /** Nothing but what comes from this server, and nothing inside another site. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private record Known(String type, String name) {}

    private static final Map<String, Known> FILES = Map.of(
            "/", new Known("text/html; charset=utf-8", "index.html"),
            "/page/style.css", new Known("text/css; charset=utf-8", "style.css"),
            "/page/app.js", new Known("text/javascript; charset=utf-8", "app.js"),
            "/page/icon.svg", new Known("image/svg+xml", "icon.svg"));

    private static final class File {
        private final String type;
        private final byte[] plain;
        private final byte[] packed;
        private final String tag;

        File(String type, byte[] plain) {
            this.type = type;
            this.plain = plain;
            this.packed = Reply.pack(plain);
            this.tag = tag(plain);
        }
    }

    private final Map<String, File> files = new TreeMap<>();

    StaticFiles() {
        FILES.forEach((path, known) -> files.put(path, new File(known.type(), read(known.name()))));
    }

    /** The answer for this path; empty if it is none of them. */
    Optional<Reply> find(String path, @Nullable String ifNoneMatch, @Nullable String acceptEncoding) {
        return Optional.ofNullable(files.get(path)).map(file -> {
            boolean same = file.tag.equals(ifNoneMatch);
            boolean gzip = !same && acceptEncoding != null && acceptEncoding.contains("gzip");
            Reply plain = new Reply(same ? 304 : 200, file.type, same ? new byte[0] : file.plain);
            return (gzip ? plain.packed(file.packed) : plain)
                    .with("ETag", file.tag)
                    .with("Cache-Control", "no-cache") // asked for again each time, and sent when it has changed
                    .with("Content-Security-Policy", POLICY)
                    .with("Referrer-Policy", "no-referrer")
                    .with("Cross-Origin-Opener-Policy", "same-origin")
                    .with("Cross-Origin-Resource-Policy", "same-origin");
        });
    }

    /** Names a content. */
    static String tag(byte[] content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return '"' + Base64.getUrlEncoder().encodeToString(Arrays.copyOf(digest, 15)) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private static byte[] read(String name) {
        try (InputStream in = StaticFiles.class.getResourceAsStream("page/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the file " + name + " of the status page is missing in this build");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

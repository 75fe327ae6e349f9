package dev.outboxrelay.admin;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** One complete answer: it is built before the first byte goes out, so a failure can still become a 500. */
final class Reply {

    static final String JSON = "application/json";

    private static final String TEXT = "text/plain; charset=utf-8";

    private final int status;
    private final String contentType;
    private final byte[] body;
    private final Map<String, String> headers = new LinkedHashMap<>();

    /** Takes the body over as it is. */
    Reply(int status, String contentType, byte[] body) {
        this.status = status;
        this.contentType = contentType;
        this.body = body;
    }

    static Reply text(int status, String body) {
        return new Reply(status, TEXT, body.getBytes(StandardCharsets.UTF_8));
    }

    static Reply of(Health.Verdict verdict) {
        return text(verdict.httpStatus(), verdict.body());
    }

    /** Why something cannot be had, as JSON: {@code {"error": "…"}}. */
    static Reply problem(int status, String error) {
        return new Reply(status, JSON, StatusJson.error(error));
    }

    /** The same answer with one more header. */
    Reply with(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** The same answer packed, if it is large enough and the client takes it so. */
    Reply packedFor(@Nullable String acceptEncoding) {
        if (body.length < 1_400 || acceptEncoding == null || !acceptEncoding.contains("gzip")) {
            return this;
        }
        return packed(pack(body));
    }

    /** The same answer with a body that is packed already. */
    Reply packed(byte[] gzip) {
        Reply packed = new Reply(status, contentType, gzip).with("Content-Encoding", "gzip");
        packed.headers.putAll(headers);
        return packed.with("Vary", "Accept-Encoding");
    }

    /** Packs quickly: the network is near, and the CPU belongs to the relay. */
    static byte[] pack(byte[] plain) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream(plain.length / 8 + 64);
        try (GZIPOutputStream gzip = new FastGzip(packed)) {
            gzip.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException("packing in memory", e);
        }
        return packed.toByteArray();
    }

    int status() {
        return status;
    }

    String contentType() {
        return contentType;
    }

    byte[] body() {
        return body;
    }

    Map<String, String> headers() {
        return Collections.unmodifiableMap(headers);
    }

    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(ByteArrayOutputStream out) throws IOException {
            super(out, 8 * 1024);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}

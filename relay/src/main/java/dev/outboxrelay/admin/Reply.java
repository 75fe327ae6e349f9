package dev.outboxrelay.admin;

import java.nio.charset.StandardCharsets;

/** One complete answer: it is built before the first byte goes out, so a failure can still become a 500. */
final class Reply {

    static final String JSON = "application/json";

    private static final String TEXT = "text/plain; charset=utf-8";

    private final int status;
    private final String contentType;
    private final byte[] body;

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

    int status() {
        return status;
    }

    String contentType() {
        return contentType;
    }

    byte[] body() {
        return body;
    }
}

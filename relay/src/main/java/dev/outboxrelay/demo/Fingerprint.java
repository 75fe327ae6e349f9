package dev.outboxrelay.demo;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** One text for everything about an event that must arrive unchanged. Pure. */
final class Fingerprint {

    private Fingerprint() {}

    static String of(String subject, String payloadSha256, @Nullable String traceparent, @Nullable String contentType) {
        return subject + " " + payloadSha256 + " " + traceparent + " " + contentType;
    }

    static String sha256(byte[] payload) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(payload));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

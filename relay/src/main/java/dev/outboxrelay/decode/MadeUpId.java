package dev.outboxrelay.decode;

import dev.outboxrelay.event.Payload;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Tells rows apart that have no usable id. Their position alone does not: COPY writes many rows into one WAL record.
 * What a row holds does, and is the same when the row comes again.
 */
final class MadeUpId {

    private static final int BYTES = 8;

    private MadeUpId() {}

    /** Sixteen hexadecimal digits of a SHA-256 over everything that was read of a row. */
    static String of(String id, String tenant, String subject, @Nullable String headers, Payload payload) {
        MessageDigest digest = Sha256.digest();
        for (String text : new String[] {id, tenant, subject, headers == null ? "" : headers}) {
            add(digest, text.getBytes(StandardCharsets.UTF_8));
        }
        add(digest, payload.bytes());
        return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
    }

    /** With its length, so that no two lists of values look the same. */
    private static void add(MessageDigest digest, byte[] bytes) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
        digest.update(bytes);
    }
}

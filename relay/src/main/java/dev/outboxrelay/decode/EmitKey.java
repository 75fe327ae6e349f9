package dev.outboxrelay.decode;

import dev.outboxrelay.event.Payload;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A secret of {@code outbox.emit_key}, with which {@code outbox.emit} seals what it writes: every role of a database
 * may write logical messages, and only those with a seal are events. Immutable.
 */
public final class EmitKey {

    /** Where a message's seal begins: behind its version. */
    private static final int SEAL = 1;

    /** Where what lies behind the seal begins. */
    static final int BODY = SEAL + 32;

    private final byte[] secret;

    public EmitKey(byte[] secret) {
        this.secret = secret.clone();
    }

    /** Whether the message was sealed with this key, whatever its version: a seal is always at the same place. */
    boolean fits(Payload content) {
        byte[] bytes = content.bytes();
        if (bytes.length < BODY) {
            return false;
        }
        MessageDigest digest = Sha256.digest();
        digest.update(secret);
        digest.update(bytes, 0, SEAL);
        digest.update(bytes, BODY, bytes.length - BODY);
        byte[] inner = digest.digest();
        digest.update(secret);
        return MessageDigest.isEqual(digest.digest(inner), Arrays.copyOfRange(bytes, SEAL, BODY));
    }

    /** Nothing of the secret. */
    @Override
    public String toString() {
        return "a key of outbox.emit_key";
    }
}

package dev.outboxrelay.settle;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Remembers many ids in little memory: of each 128 bits of its SHA-256, in which no two ids are ever equal. At most
 * three quarters full, so 22 to 43 bytes an id. Not thread-safe.
 */
final class IdSet {

    private static final int SMALLEST = 1 << 10;

    private final MessageDigest digest = sha256();
    private long[] slots = new long[2 * SMALLEST];
    private int size;

    /** Adds an id; what is there already stays there once. */
    void add(String id) {
        if (4L * (size + 1) > 3L * (slots.length / 2)) {
            grow();
        }
        ByteBuffer hash = hash(id);
        if (put(slots, hash.getLong(), hash.getLong())) {
            size++;
        }
    }

    boolean contains(String id) {
        ByteBuffer hash = hash(id);
        long high = hash.getLong();
        long low = hash.getLong();
        int at = find(slots, high, low);
        return slots[at] == high && slots[at + 1] == low;
    }

    int size() {
        return size;
    }

    private void grow() {
        long[] larger = new long[2 * slots.length];
        for (int i = 0; i < slots.length; i += 2) {
            if (slots[i] != 0 || slots[i + 1] != 0) {
                put(larger, slots[i], slots[i + 1]);
            }
        }
        slots = larger;
    }

    private static boolean put(long[] into, long high, long low) {
        int at = find(into, high, low);
        boolean added = into[at] == 0 && into[at + 1] == 0;
        into[at] = high;
        into[at + 1] = low;
        return added;
    }

    /** Where it is, or the free place where it belongs. */
    private static int find(long[] in, long high, long low) {
        int at = 2 * (int) (high & (in.length / 2 - 1));
        while ((in[at] != 0 || in[at + 1] != 0) && (in[at] != high || in[at + 1] != low)) {
            at = (at + 2) % in.length;
        }
        return at;
    }

    private ByteBuffer hash(String id) {
        return ByteBuffer.wrap(digest.digest(id.getBytes(StandardCharsets.UTF_8)));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}

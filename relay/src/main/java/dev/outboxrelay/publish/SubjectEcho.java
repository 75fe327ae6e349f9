package dev.outboxrelay.publish;

import java.nio.charset.StandardCharsets;

/**
 * Makes the subject that a "no responders" answer repeats printable, byte for byte, in what comes from a server.
 *
 * <p>Servers from 2.11 on say in a header which subject nobody answered for. Client 2.26.2 cannot take a header outside
 * ASCII: its reader ends on it, without a word, and for half a minute nothing more is read for anybody. Nobody here
 * uses that header. Pure but for its memory of what came before; one stream of bytes, one thread.
 */
final class SubjectEcho {

    private static final byte[] BEFORE = "NATS/1.0 503\r\nNats-Subject: ".getBytes(StandardCharsets.US_ASCII);

    /** How much of {@link #BEFORE} was met; all of it means that the subject is passing. */
    private int matched;

    /** Replaces what no header may hold in these bytes, which follow the ones of the last call. */
    void mask(byte[] bytes, int from, int length) {
        int end = from + length;
        for (int i = next(bytes, from, end); i < end; i = next(bytes, i + 1, end)) {
            byte b = bytes[i];
            if (matched < BEFORE.length) {
                matched = b == BEFORE[matched] ? matched + 1 : b == BEFORE[0] ? 1 : 0;
            } else if (b == '\r') {
                matched = 0;
            } else if (b < ' ' || b > '~') {
                bytes[i] = '?';
            }
        }
    }

    /** The next byte that matters: while nothing is matched, one that begins a match. Nearly all are passed here. */
    private int next(byte[] bytes, int from, int end) {
        int i = from;
        if (matched == 0) {
            while (i < end && bytes[i] != BEFORE[0]) {
                i++;
            }
        }
        return i;
    }
}

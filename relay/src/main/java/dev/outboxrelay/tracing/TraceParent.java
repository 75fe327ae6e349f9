package dev.outboxrelay.tracing;

import java.util.Optional;

/**
 * What a header {@code traceparent} says (W3C Trace Context, level 1 and 2). Pure.
 *
 * @param traceId 32 lower-case hex digits, not all zero
 * @param spanId 16 of them, not all zero: the span that the row was written in
 * @param sampled whether that span is recorded
 */
record TraceParent(String traceId, String spanId, boolean sampled) {

    private static final int LENGTH = 55;
    private static final int TRACE_AT = 3;
    private static final int SPAN_AT = 36;
    private static final int FLAGS_AT = 53;
    private static final String FIRST_VERSION = "00";
    private static final String NO_VERSION = "ff";

    /**
     * Reads a value as strictly as the recommendation wants it. Of a later version what version 00 has is read, as long
     * as a dash follows it or nothing does; empty for anything else.
     */
    static Optional<TraceParent> parse(String value) {
        if (value.length() < LENGTH
                || !isHex(value, 0, 2)
                || value.charAt(2) != '-'
                || !isId(value, TRACE_AT, 32)
                || value.charAt(35) != '-'
                || !isId(value, SPAN_AT, 16)
                || value.charAt(52) != '-'
                || !isHex(value, FLAGS_AT, 2)
                || value.startsWith(NO_VERSION)) {
            return Optional.empty();
        }
        boolean endsThere = value.length() == LENGTH;
        if (!endsThere && (value.startsWith(FIRST_VERSION) || value.charAt(LENGTH) != '-')) {
            return Optional.empty();
        }
        boolean sampled = (Character.digit(value.charAt(FLAGS_AT + 1), 16) & 1) == 1;
        return Optional.of(new TraceParent(value.substring(TRACE_AT, 35), value.substring(SPAN_AT, 52), sampled));
    }

    private static boolean isId(String value, int from, int length) {
        if (!isHex(value, from, length)) {
            return false;
        }
        for (int i = from; i < from + length; i++) {
            if (value.charAt(i) != '0') {
                return true;
            }
        }
        return false;
    }

    private static boolean isHex(String value, int from, int length) {
        for (int i = from; i < from + length; i++) {
            char c = value.charAt(i);
            if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
                return false;
            }
        }
        return true;
    }
}

package dev.outboxrelay.tracing;

/** Who counts what becomes of spans. Any thread. */
public interface SpanCount {

    /** So many more. */
    void add(Outcome outcome, long spans);
}

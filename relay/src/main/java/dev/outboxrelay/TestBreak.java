package dev.outboxrelay;

/**
 * Switches one protection off, so that a torture run can show that it would notice. Set by the system property
 * {@code outbox.test.break}, which nothing else reads; a relay that has it says so at every start.
 */
enum TestBreak {
    /** Nothing is broken. */
    NONE,
    /** What comes again is published again. */
    FENCE,
    /** Messages carry no expected sequence. */
    CHAIN,
    /** The slot is confirmed up to what arrived, not to what is settled. */
    WATERMARK;

    static TestBreak fromSystemProperty() {
        String name = System.getProperty("outbox.test.break", "none");
        return valueOf(name.toUpperCase(java.util.Locale.ROOT));
    }
}

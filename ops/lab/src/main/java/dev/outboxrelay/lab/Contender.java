package dev.outboxrelay.lab;

/** Something that moves the backlog, or a part of the way that it goes. */
interface Contender {

    /** A short word for the command line. */
    String key();

    /** What the table calls it. */
    String title();

    /** Whether the backlog is another one afterwards. */
    default boolean spends() {
        return false;
    }

    /** The part of the backlog that it gets. */
    default Load share(Load load) {
        return load;
    }

    /** Moves the backlog once, in new processes. */
    Measured drain(Servers servers, Load load) throws Exception;
}

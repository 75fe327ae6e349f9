package dev.outboxrelay.testing;

/** One server of a test, whose address and data outlive its being killed. Used by one thread at a time. */
interface Server extends AutoCloseable {
    /** Returns the host under which the test reaches the server. */
    String host();

    /**
     * Starts the server on its old data and ports; what it serves may take a moment more. Throws if it runs already.
     */
    void start();

    /** Asks the server to end in an orderly way and waits for it, at most 30 s; then it is killed. */
    void stop();

    /** Ends the server with all its children at once (SIGKILL), paused or not, and returns when they are gone. */
    void kill();

    /** Freezes the server with all its children (SIGSTOP): connections stay open and silent. */
    void pause();

    /** Lets a paused server go on. */
    void resume();

    /** Sends a signal by name, such as {@code QUIT}, to the server's first process. */
    void signal(String name);

    /** Returns whether the server has not ended. */
    boolean isRunning();

    /** Returns the end of what the server logged, for the message of a failure. */
    String lastLog();

    /** Returns everything that the server logged. */
    String wholeLog();

    /** Ends the server and deletes all it had. Idempotent. */
    @Override
    void close();
}

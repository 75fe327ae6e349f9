package dev.outboxrelay.cli;

/** What a command's exit code says. */
final class ExitCode {

    /** Done; for the relay also: stopped by a signal, everything in flight drained. */
    static final int FINE = 0;

    /** It did not work; stderr says why. */
    static final int FAILED = 1;

    /** The command line or the configuration is wrong; nothing was started. */
    static final int WRONG_USAGE = 2;

    private ExitCode() {}
}

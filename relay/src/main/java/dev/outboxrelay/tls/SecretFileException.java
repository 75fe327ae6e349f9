package dev.outboxrelay.tls;

import java.io.IOException;

/** A file of a setting cannot be used: says which, why, and what to do. Holds nothing of what is in the file. */
public final class SecretFileException extends IOException {

    private static final long serialVersionUID = 1L;

    SecretFileException(String setting, Object file, String why, String nextStep) {
        super(setting + ": " + file + " " + why + "\n    mend: " + nextStep);
    }
}

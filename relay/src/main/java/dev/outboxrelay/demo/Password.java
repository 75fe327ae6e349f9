package dev.outboxrelay.demo;

import java.security.SecureRandom;
import java.util.HexFormat;

/** A random password; its text form does not show it. */
record Password(String secret) {

    private static final int BYTES = 12;

    static Password random(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new Password(HexFormat.of().formatHex(bytes));
    }

    @Override
    public String toString() {
        return "Password";
    }
}

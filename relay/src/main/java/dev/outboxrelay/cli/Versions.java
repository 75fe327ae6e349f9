package dev.outboxrelay.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What this build is made of; the build writes it into {@code version.properties}. */
record Versions(String relay, String debezium, String jnats) {

    static Versions ofThisBuild() {
        Properties written = new Properties();
        try (InputStream file = Versions.class.getResourceAsStream("/dev/outboxrelay/version.properties")) {
            if (file == null) {
                throw new IllegalStateException("version.properties is not in the jar");
            }
            written.load(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Versions(
                written.getProperty("relay", "?"),
                written.getProperty("debezium", "?"),
                written.getProperty("jnats", "?"));
    }
}

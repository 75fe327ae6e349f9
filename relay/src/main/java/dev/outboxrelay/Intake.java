package dev.outboxrelay;

import dev.outboxrelay.lane.Item;
import dev.outboxrelay.spill.ItemCodec;
import dev.outboxrelay.spill.Spill;
import dev.outboxrelay.spill.SpillSpace;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's events between the source and its lane, in order: a few in memory, and those beyond what the tenant may
 * keep there on disk, if there is a place for them. Thread-safe: the source puts in, the lane's thread takes out.
 */
final class Intake implements AutoCloseable {

    /** Most events that are read back at once, so that other lanes of the thread get their turn. */
    private static final int LOT = 500;

    private static final int LOT_BYTES = 512 * 1024;

    /** What a lane may always have, whatever there is to memory: without it nothing would move. */
    private static final int LEAST_BYTES = 64 * 1024;

    /** Memory of all tenants together, as it is charged for events. */
    interface Memory {

        /** Takes for an item that comes back from disk. */
        boolean charge(Item item, boolean inAnyCase);

        /** Gives back what was taken for an item, if anything was. */
        void release(Item item);

        /** What is taken for an item now; 0 if nothing is. */
        long cost(Item item);

        /** Whether every tenant should keep little in memory. */
        boolean isShort();
    }

    private final long maxBytes;
    private final int maxEvents;
    private final Memory memory;
    private final @Nullable Spill spill;
    private final ItemCodec codec;
    private final ArrayDeque<Item> inMemory = new ArrayDeque<>();
    /** Read back, and there was no room for it. */
    private @Nullable Item readBack;

    private long heldBytes;
    private int heldEvents;
    /**
     * Of these, what the source holds and has not put in yet: it may wait for the lane, so the lane must not for it.
     */
    private long comingBytes;

    private int comingEvents;
    private boolean taking;
    private boolean closed;
    private long caughtUpAfter = -1;

    /**
     * An empty one.
     *
     * @param maxBytes most bytes of memory for the tenant's events; the same for {@code maxEvents}
     * @param space where to spill; null to keep everything in memory, whatever it is
     */
    Intake(long maxBytes, int maxEvents, Memory memory, @Nullable SpillSpace space, ItemCodec codec) {
        this.maxBytes = maxBytes;
        this.maxEvents = maxEvents;
        this.memory = memory;
        this.spill = space == null ? null : space.newSpill();
        this.codec = codec;
    }

    /** Memory was taken for an event of the tenant that is about to come, from the source or from disk. */
    synchronized void hold(long cost) {
        heldBytes += cost;
        heldEvents++;
        comingBytes += cost;
        comingEvents++;
    }

    /** It is here. */
    private void came(Item item) {
        long cost = memory.cost(item);
        if (cost > 0) {
            comingBytes -= cost;
            comingEvents--;
        }
    }

    /** It was given back; returns whether the lane should {@link #take}. */
    synchronized boolean unhold(long cost) {
        heldBytes -= cost;
        heldEvents--;
        return isOnDisk() && isBelow(share() / 2) && wantTake();
    }

    /**
     * Puts an event in, behind all others.
     *
     * @return false when there is no room: then it is not in
     * @throws IOException when the disk refuses it; the same holds
     */
    synchronized boolean add(Item item) throws IOException {
        if (closed) {
            return true; // nobody will ask for it: it comes again
        }
        if (spill == null || (!isOnDisk() && isBelow(share()))) {
            inMemory.add(item);
            came(item);
            return true;
        }
        if (!spill.append(codec.encode(item))) {
            return false;
        }
        came(item);
        memory.release(item);
        return true;
    }

    /** Whether the lane has to be told to {@link #take}; once until it does. */
    synchronized boolean wantTake() {
        boolean first = !taking;
        taking = true;
        return first;
    }

    /** The next events: those in memory, and as many from disk as there is room for, up to a lot. */
    synchronized List<Item> take() throws IOException {
        taking = false;
        List<Item> lot = new ArrayList<>(inMemory);
        inMemory.clear();
        int events = 0;
        long bytes = 0;
        while (isOnDisk() && events < LOT && bytes < LOT_BYTES && isBelow(share())) {
            Item item = next();
            if (!memory.charge(item, heldBytes - comingBytes < LEAST_BYTES)) {
                readBack = item;
                break;
            }
            came(item);
            lot.add(item);
            events++;
            bytes += item.event().payload().size();
        }
        return lot;
    }

    private Item next() throws IOException {
        Item item = readBack;
        readBack = null;
        if (item != null) {
            return item;
        }
        byte[] bytes = spill == null ? null : spill.poll();
        if (bytes == null) {
            throw new IOException("there are no spilled events where some should be");
        }
        return codec.decode(bytes);
    }

    /** Whether the lane should {@link #take} again at once. */
    synchronized boolean hasMore() {
        return isOnDisk() && isBelow(share() / 2) && wantTake();
    }

    /** The source has caught up; returns whether the lane can be told at once. */
    synchronized boolean caughtUp() {
        if (isOnDisk() && spill != null) {
            caughtUpAfter = spill.appended();
            return false;
        }
        return true;
    }

    /** Whether the lane has taken everything that came before the source caught up; true once. */
    synchronized boolean isCaughtUpNow() {
        if (caughtUpAfter < 0 || spill == null || readBack != null || spill.polled() < caughtUpAfter) {
            return false;
        }
        caughtUpAfter = -1;
        return true;
    }

    /** How many events are on disk. */
    synchronized long onDisk() {
        return (readBack == null ? 0 : 1) + (spill == null ? 0 : spill.size());
    }

    private boolean isOnDisk() {
        return onDisk() > 0;
    }

    /** How much of its bounds the tenant should use, in 64ths: less than all, so that its lane need not park. */
    private int share() {
        return memory.isShort() ? 4 : 48;
    }

    private boolean isBelow(int share) {
        return heldBytes - comingBytes <= maxBytes / 64 * share
                && heldEvents - comingEvents <= (long) maxEvents * share / 64;
    }

    @Override
    public synchronized void close() {
        closed = true;
        inMemory.clear();
        readBack = null;
        try {
            if (spill != null) {
                spill.close();
            }
        } catch (IOException e) {
            // its file has no name any more and ends with the process at the latest
            return;
        }
    }
}

package dev.outboxrelay.lane;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The events in flight, in the order in which they were sent, and the chain of sequences they were sent with. */
final class Window {

    private final ArrayDeque<Item> items = new ArrayDeque<>();
    private int unanswered;
    private long chain;

    /** Starts over behind {@code lastSequence}. */
    void restart(long lastSequence) {
        items.clear();
        unanswered = 0;
        chain = lastSequence;
    }

    /** Adds an item at the end and tells which sequence the stream must end with when it is stored. */
    long send(Item item) {
        long expected = chain++;
        item.sent(expected);
        items.addLast(item);
        unanswered++;
        return expected;
    }

    /** Whether this sequence is the one that the item must have got. */
    static boolean isInChain(Item item, long sequence) {
        return sequence == item.expectedSequence() + 1;
    }

    /** Notes an acknowledgement and takes out every item from the front on that is acknowledged. */
    List<Item> acknowledge(Item item) {
        unanswered--;
        item.acknowledge();
        return takeDone(2);
    }

    /** The same for a batch that is stored as a whole. */
    List<Item> acknowledge(List<Outgoing> batch) {
        unanswered -= batch.size();
        batch.forEach(sent -> sent.item().acknowledge());
        return takeDone(batch.size());
    }

    private List<Item> takeDone(int expected) {
        List<Item> done = new ArrayList<>(expected);
        Item head = items.peekFirst();
        while (head != null && head.acknowledged()) {
            done.add(items.removeFirst());
            head = items.peekFirst();
        }
        return done;
    }

    void fail(Item item, Failure failure) {
        unanswered--;
        item.failed(failure);
    }

    /** Gives up on every answer that has not come. */
    void forgetAnswers() {
        unanswered = 0;
    }

    boolean isAnswered() {
        return unanswered == 0;
    }

    List<Item> snapshot() {
        return List.copyOf(items);
    }

    @Nullable
    Item first() {
        return items.peekFirst();
    }

    int size() {
        return items.size();
    }
}

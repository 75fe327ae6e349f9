package dev.outboxrelay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.lane.Item;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.route.Router;
import dev.outboxrelay.spill.ItemCodec;
import dev.outboxrelay.spill.SpillSpace;
import dev.outboxrelay.watermark.Ticket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Seeded schedules of one source, one lane, and whoever gives memory back. */
final class IntakeTest {

    private static final long COST = 1_000;
    private static final int MAX_EVENTS = 100;

    private final Router router = new Router(Naming.STRICT);

    @TempDir
    Path directory;

    /** The memory of all tenants, of which others take as they like. */
    private static final class SharedMemory implements Intake.Memory {
        private final Set<Item> charged = new HashSet<>();
        private @Nullable Intake intake;
        private boolean full;
        private boolean wanted;

        @Override
        public boolean charge(Item item, boolean inAnyCase) {
            if (full && !inAnyCase) {
                return false;
            }
            take(item);
            return true;
        }

        private Intake intake() {
            return Objects.requireNonNull(intake);
        }

        void take(Item item) {
            charged.add(item);
            intake().hold(COST);
        }

        @Override
        public void release(Item item) {
            if (charged.remove(item)) {
                wanted |= intake().unhold(COST);
            }
        }

        @Override
        public long cost(Item item) {
            return charged.contains(item) ? COST : 0;
        }

        @Override
        public boolean isShort() {
            return full;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void every_event_comes_out_once_and_in_order_whatever_there_is_to_memory(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        SharedMemory memory = new SharedMemory();
        Intake intake = intake(memory, SpillSpace.open(directory, seed % 2 == 0 ? 1 << 20 : 100_000));
        ArrayDeque<Item> inLane = new ArrayDeque<>();
        ArrayDeque<Item> lot = new ArrayDeque<>();
        List<Long> taken = new ArrayList<>();
        long next = 0;
        long caughtUpAt = -1;
        long toldAt = -1;
        int most = 0;
        int spilled = 0;
        for (int step = 0; next < 20_000 || taken.size() < next; step++) {
            assertThat(step).isLessThan(3_000_000);
            memory.full = random.nextInt(1_000) == 0 ? !memory.full : memory.full;
            int what = random.nextInt(10);
            if (what < 5 && next < 20_000) {
                // bursts, by turns with silence; memory is taken for a lot before any of it is handed over
                if (lot.isEmpty()) {
                    int size = random.nextInt(next / 3_000 % 2 == 0 ? random.nextInt(40, 400) : 4);
                    for (int i = 0; i < size && next + i < 20_000; i++) {
                        lot.add(item(next + i));
                    }
                    lot.forEach(memory::take);
                }
                while (!lot.isEmpty() && intake.add(lot.element())) {
                    lot.remove();
                    next++;
                }
                memory.wanted |= intake.wantTake();
                if (next >= 9_000 && caughtUpAt < 0) {
                    caughtUpAt = next;
                    toldAt = intake.caughtUp() ? taken.size() : -1;
                }
            } else if (what < 8 && memory.wanted) {
                memory.wanted = false;
                for (Item item : intake.take()) {
                    taken.add(item.ticket().number());
                    inLane.add(item);
                }
                if (intake.isCaughtUpNow()) {
                    assertThat(toldAt).isNegative();
                    toldAt = taken.size();
                }
                memory.wanted |= intake.hasMore();
            } else if (!inLane.isEmpty()) {
                for (int i = random.nextInt(30); i > 0 && !inLane.isEmpty(); i--) {
                    memory.release(inLane.remove());
                }
            }
            most = Math.max(most, inLane.size());
            spilled += intake.onDisk() > 0 ? 1 : 0;
        }
        assertThat(taken).isSorted().doesNotHaveDuplicates().hasSize(20_000);

        assertThat(toldAt).isNotNegative();
        assertThat(most).as("in the lane's memory").isLessThanOrEqualTo(MAX_EVENTS);
        assertThat(spilled).isPositive();
        intake.close();
    }

    /**
     * The disk is full of the tenant's events, and what the source holds is more than the tenant may keep in memory.
     */
    @Test
    void what_waits_for_room_on_disk_does_not_keep_the_lane_from_making_some() throws IOException {
        SharedMemory memory = new SharedMemory();
        Intake intake = intake(memory, SpillSpace.open(directory, 50_000));
        ArrayDeque<Item> lot = new ArrayDeque<>();
        for (int i = 0; i < 1_000; i++) {
            lot.add(item(i));
        }
        lot.forEach(memory::take);
        int taken = 0;
        while (taken < 1_000) {
            while (!lot.isEmpty() && intake.add(lot.element())) {
                lot.remove();
            }
            List<Item> items = intake.take();
            assertThat(items).as("behind %d", taken).isNotEmpty();
            taken += items.size();
            items.forEach(memory::release);
        }
        assertThat(lot).isEmpty();
    }

    @Test
    void the_source_has_caught_up_once_everything_before_it_was_taken() throws IOException {
        SharedMemory memory = new SharedMemory();
        Intake intake = intake(memory, SpillSpace.open(directory, 1 << 20));
        for (int i = 0; i < 200; i++) {
            Item item = item(i);
            memory.take(item);
            assertThat(intake.add(item)).isTrue();
        }
        assertThat(intake.onDisk()).isPositive();
        assertThat(intake.caughtUp()).isFalse();

        int taken = 0;
        while (taken < 200) {
            assertThat(intake.isCaughtUpNow()).isFalse();
            List<Item> lot = intake.take();
            assertThat(lot).isNotEmpty();
            taken += lot.size();
            lot.forEach(memory::release);
        }

        assertThat(intake.isCaughtUpNow()).isTrue();
        assertThat(intake.isCaughtUpNow()).as("once").isFalse();
    }

    @Test
    void without_a_directory_everything_stays_in_memory() throws IOException {
        SharedMemory memory = new SharedMemory();
        Intake intake = intake(memory, null);
        for (int i = 0; i < 1_000; i++) {
            Item item = item(i);
            memory.take(item);
            assertThat(intake.add(item)).isTrue();
        }

        assertThat(intake.onDisk()).isZero();
        assertThat(intake.caughtUp()).isTrue();
        assertThat(intake.take()).hasSize(1_000);
    }

    private Intake intake(SharedMemory memory, @Nullable SpillSpace space) {
        Intake intake = new Intake(COST * MAX_EVENTS, MAX_EVENTS, memory, space, new ItemCodec(router::route));
        memory.intake = intake;
        return intake;
    }

    private Item item(long number) {
        String id = new UUID(0, number).toString();
        OutboxEvent event = new OutboxEvent(
                EventId.of(TableName.OUTBOX_MESSAGE, id),
                new RowRef(TableName.OUTBOX_MESSAGE, id),
                "acme",
                "events.row",
                null,
                Payload.of(new byte[300]),
                new Origin(Lsn.NONE, Lsn.NONE, 0));
        Routed routed = router.route(new Decoded.Event(event));
        return Item.deliverable(new Ticket(number), ((Routed.Deliverable) routed).envelope());
    }
}

package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.Letter;
import dev.outboxrelay.dlq.LetterDesk;
import dev.outboxrelay.dlq.State;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;

/** Follows letters that are being replayed until the relay is done with each. */
final class ReplayWatch {

    private static final long PAUSE_MILLIS = 500;
    private static final int ROUNDS_BETWEEN_LINES = 10;
    private static final int PART = 10_000;
    private static final int PARTS_A_ROUND = 10;
    private static final int SHOWN = 20;

    private final LetterDesk desk;
    private final boolean json;
    private final CommandLine command;
    private final Map<State, Integer> ended = new EnumMap<>(State.class);
    private final List<Letter> deadAgain = new ArrayList<>();
    private int gone;

    ReplayWatch(LetterDesk desk, boolean json, CommandLine command) {
        this.desk = desk;
        this.json = json;
        this.command = command;
    }

    /** Returns when all are done; whether none is dead again. */
    boolean follow(List<Long> seqs) throws DeskException, InterruptedException {
        List<Long> open = look(seqs);
        for (int round = 1; !open.isEmpty(); round++) {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            int looked = Math.min(open.size(), PART * PARTS_A_ROUND);
            List<Long> left = new ArrayList<>(open.subList(looked, open.size()));
            left.addAll(look(open.subList(0, looked)));
            open = left;
            if (round % ROUNDS_BETWEEN_LINES == 0 && !open.isEmpty()) {
                command.getErr().printf("waiting for the relay: %,d of %,d letters%n", open.size(), seqs.size());
                command.getErr().flush();
            }
        }
        report();
        return !ended.containsKey(State.DEAD);
    }

    /** Those of them that are still being replayed. */
    private List<Long> look(List<Long> seqs) throws DeskException {
        List<Long> open = new ArrayList<>();
        for (int from = 0; from < seqs.size(); from += PART) {
            List<Long> part = seqs.subList(from, Math.min(from + PART, seqs.size()));
            Map<Long, Letter> now = desk.now(part);
            for (long seq : part) {
                Letter letter = now.get(seq);
                if (letter == null) {
                    gone++;
                } else if (letter.state() == State.REPLAYING) {
                    open.add(seq);
                } else {
                    ended.merge(letter.state(), 1, Integer::sum);
                    if (letter.state() == State.DEAD && deadAgain.size() < SHOWN) {
                        deadAgain.add(letter);
                    }
                }
            }
        }
        return Collections.unmodifiableList(open);
    }

    private void report() {
        PrintWriter out = command.getOut();
        int dead = ended.getOrDefault(State.DEAD, 0);
        if (json) {
            ObjectNode object = LetterJson.object();
            ended.forEach((state, letters) -> object.put(state.code(), letters));
            object.put("gone", gone);
            out.println(object);
        } else {
            out.println(ended.getOrDefault(State.REPLAYED, 0) + " replayed, " + dead + " dead again"
                    + (ended.containsKey(State.DISCARDED)
                            ? ", " + ended.get(State.DISCARDED) + " discarded meanwhile"
                            : "")
                    + (gone > 0 ? ", " + gone + " deleted meanwhile" : "") + ".");
        }
        out.flush();
        PrintWriter err = command.getErr();
        deadAgain.forEach(letter -> err.println("  " + letter.seq() + " (tenant " + Printable.of(letter.tenant())
                + "): " + Printable.of(letter.reason()) + ": " + Printable.of(letter.error())));
        if (dead > deadAgain.size()) {
            err.println("  … and " + (dead - deadAgain.size()) + " more: outbox-relay dlq list");
        }
        err.flush();
    }
}

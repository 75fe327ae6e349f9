package dev.outboxrelay.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A table that is redrawn in place twice a second. What was on the terminal before stays above it. */
final class LiveScreen implements Screen {

    private static final String HIDE_CURSOR = "\u001b[?25l";
    private static final String SHOW_CURSOR = "\u001b[?25h";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";
    private static final int SIZE_EVERY = 6;
    private static final String MARGIN = " ";

    private final PrintStream out;
    private final TableText table = new TableText(Style.ANSI);
    private @Nullable Place place;
    private Terminal terminal = new Terminal(TableText.WIDTH + 2, 40);
    private int drawn;
    private int shown;
    private boolean closed;

    LiveScreen(PrintStream out) {
        this.out = out;
    }

    @Override
    public Duration tick() {
        return Duration.ofMillis(500);
    }

    @Override
    public void say(String step) {
        draw(List.of(), List.of(Style.ANSI.dim("· " + step)), true);
    }

    /** Nothing: the end of the relay's log is part of the picture. */
    @Override
    public void warn(String line) {}

    @Override
    public void open(Place here) {
        place = here;
    }

    @Override
    public void show(Duration elapsed, Figures figures, List<String> log) {
        if (shown++ % SIZE_EVERY == 0) {
            measure();
        }
        List<String> must = new ArrayList<>();
        must.add("");
        must.add(Style.ANSI.bold("Outbox Relay demo") + "  " + clock(elapsed)
                + Style.ANSI.dim("   business rows + outbox rows in one transaction, a stream for each tenant"));
        Place here = place;
        if (here != null) {
            must.addAll(here.servers(Style.ANSI));
        }
        must.add("");
        must.addAll(table.lines(figures));
        List<String> may = new ArrayList<>();
        may.add("");
        if (here != null) {
            may.addAll(here.commands(Style.ANSI));
            may.add("");
        }
        may.add(Style.ANSI.dim("Ctrl-C ends it: drains, compares outbox and streams id by id, leaves nothing behind."));
        may.add("");
        log.forEach(line -> may.add(Style.ANSI.dim("relay " + line)));
        draw(must, may, false);
    }

    @Override
    public void finish(Figures figures, List<String> outcome, boolean good) {
        List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add(Style.ANSI.bold("Outbox Relay demo") + Style.ANSI.dim("   the whole run"));
        lines.add("");
        lines.addAll(table.lines(figures));
        lines.add(Style.ANSI.dim(TableText.FOOTNOTE));
        lines.add("");
        outcome.forEach(line -> lines.add(good ? Style.ANSI.good(line) : Style.ANSI.bad(line)));
        draw(lines, List.of(), true);
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            out.print(SHOW_CURSOR);
            out.flush();
        }
    }

    private void measure() {
        try {
            terminal = Terminal.size();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Draws over what was drawn last; what is to stay will not be drawn over. A low terminal gets the beginning. */
    private synchronized void draw(List<String> must, List<String> may, boolean stays) {
        if (closed) {
            return;
        }
        List<String> lines = new ArrayList<>(must);
        lines.addAll(may);
        if (!stays && lines.size() >= terminal.rows()) {
            lines = lines.subList(0, Math.max(1, terminal.rows() - 1));
        }
        StringBuilder picture = new StringBuilder(HIDE_CURSOR).append('\r');
        if (drawn > 0) {
            picture.append("\u001b[").append(drawn).append('A');
        }
        for (String line : lines) {
            String text = line.isEmpty() ? line : MARGIN + line;
            picture.append(stays ? text : Style.cut(text, terminal.columns()))
                    .append(CLEAR_LINE)
                    .append('\n');
        }
        picture.append(CLEAR_BELOW);
        out.print(picture);
        out.flush();
        drawn = stays ? 0 : lines.size();
    }

    private static String clock(Duration elapsed) {
        return "%d:%02d".formatted(elapsed.toMinutes(), elapsed.toSecondsPart());
    }
}

package dev.outboxrelay.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;

/** Plain lines, one every two seconds, for files and pipes. */
final class PlainScreen implements Screen {

    private final PrintStream out;

    PlainScreen(PrintStream out) {
        this.out = out;
    }

    @Override
    public Duration tick() {
        return Duration.ofSeconds(2);
    }

    @Override
    public void say(String step) {
        print(step);
    }

    @Override
    public void warn(String line) {
        print("relay: " + line);
    }

    @Override
    public void open(Place place) {
        place.servers(Style.PLAIN).forEach(this::print);
        place.commands(Style.PLAIN).forEach(this::print);
    }

    @Override
    public void show(Duration elapsed, Figures figures, List<String> log) {
        print(elapsed.toSeconds() + " s: " + TableText.summary(figures));
    }

    @Override
    public void finish(Figures figures, List<String> outcome, boolean good) {
        print("");
        new TableText(Style.PLAIN).lines(figures).forEach(this::print);
        print(TableText.FOOTNOTE);
        print("");
        outcome.forEach(this::print);
    }

    @Override
    public void close() {
        out.flush();
    }

    private synchronized void print(String line) {
        out.print(line + "\n");
        out.flush();
    }
}

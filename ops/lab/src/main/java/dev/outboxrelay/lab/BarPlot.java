package dev.outboxrelay.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Horizontal bars in panels below each other, as a plain SVG file that follows neither scripts nor style sheets. */
final class BarPlot {

    private static final int WIDTH = 860;
    private static final int NAMES = 250;
    private static final int BARS = 500;
    private static final int LINE = 22;
    private static final int BAR = 14;
    private static final List<String> COLOURS = List.of("#33628c", "#5a9e6f", "#d98b3a");

    private final StringBuilder body = new StringBuilder();
    private int y = 10;

    /**
     * One bar.
     *
     * @param parts lengths that follow each other
     * @param low where a thin line along it begins; as high as {@code high} for none
     */
    record Bar(String name, List<Double> parts, double low, double high) {

        static Bar spread(String name, Spread spread) {
            return new Bar(name, List.of(spread.median()), spread.min(), spread.max());
        }

        static Bar stacked(String name, List<Double> parts) {
            return new Bar(name, parts, 0, 0);
        }

        double length() {
            return parts.stream().mapToDouble(part -> part).sum();
        }
    }

    BarPlot(String title) {
        y += 8;
        text(10, 12, "#222", title);
        y += LINE;
    }

    /**
     * Adds a panel.
     *
     * @param legend names of the parts, if they need some
     */
    void panel(String title, List<String> legend, List<Bar> bars) {
        y += LINE / 2;
        text(10, 14, "#222", title);
        int x = NAMES + 120;
        for (int i = 0; i < legend.size(); i++) {
            rectangle(x, y - 10, 10, 10, COLOURS.get(i));
            text(x + 14, 12, "#222", legend.get(i));
            x += 100;
        }
        y += LINE;
        double longest = bars.stream()
                .mapToDouble(bar -> Math.max(bar.length(), bar.high()))
                .max()
                .orElse(1);
        bars.forEach(bar -> draw(bar, BARS / Math.max(1e-9, longest)));
    }

    private void draw(Bar bar, double scale) {
        text(10, 12, "#222", bar.name());
        double x = NAMES;
        for (int i = 0; i < bar.parts().size(); i++) {
            double width = bar.parts().get(i) * scale;
            rectangle(x, y - 11, width, BAR, COLOURS.get(i));
            x += width;
        }
        if (bar.high() > bar.low()) {
            rectangle(NAMES + bar.low() * scale, y - 5, (bar.high() - bar.low()) * scale, 2, "#222");
        }
        double end = Math.max(x, NAMES + bar.high() * scale);
        text(end + 6, 12, "#222", String.format(Locale.ROOT, bar.length() < 100 ? "%.1f" : "%,.0f", bar.length()));
        y += LINE;
    }

    private void rectangle(double x, double top, double width, double height, String colour) {
        body.append(String.format(
                Locale.ROOT,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>%n",
                x,
                top,
                width,
                height,
                colour));
    }

    private void text(double x, int size, String colour, String text) {
        body.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%d\" font-size=\"%d\" fill=\"%s\">%s</text>%n",
                x,
                y,
                size,
                colour,
                text.replace("&", "&amp;").replace("<", "&lt;")));
    }

    /** The whole file. */
    String svg() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\">",
                WIDTH,
                y));
        lines.add(String.format(Locale.ROOT, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, y));
        lines.add(body.toString().strip());
        lines.add("</svg>");
        return String.join("\n", lines) + "\n";
    }
}

package dev.outboxrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class TableTextTest {

    private static final Figures FIGURES = new Figures(
            List.of(
                    line("acme", 12_345, 12_345, Optional.of(Duration.ofNanos(4_230_000))),
                    line("globex-eu", 2_000, 1_500, Optional.empty())),
            line("total", 1_234_567, 1_234_000, Optional.of(Duration.ofMillis(1_260))));

    @Test
    void a_line_holds_every_figure_of_its_tenant() {
        assertThat(new TableText(Style.PLAIN).lines(FIGURES))
                .anySatisfy(line -> assertThat(line.split(" +", -1))
                        .containsExactly(
                                "acme", "12,345", "99", "12,345", "12,345", "0", "211", "4.2", "ms", "4.2", "ms"))
                .anySatisfy(line -> assertThat(line.split(" +", -1))
                        .containsExactly("globex-eu", "2,000", "99", "1,500", "1,500", "500", "211", "-", "-"));
    }

    @Test
    void every_line_fits_into_a_hundred_columns_and_numbers_stand_below_each_other() {
        List<String> lines = new TableText(Style.PLAIN).lines(FIGURES);

        assertThat(TableText.FOOTNOTE).hasSizeLessThan(100);
        assertThat(lines.get(1)).hasSize(TableText.WIDTH).endsWith("p99");
        assertThat(lines).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(TableText.WIDTH));
    }

    @Test
    void colours_change_nothing_that_is_read() {
        List<String> coloured = new TableText(Style.ANSI).lines(FIGURES);

        assertThat(coloured.stream().map(line -> line.replaceAll("\u001b\\[[0-9;]*m", "")))
                .isEqualTo(new TableText(Style.PLAIN).lines(FIGURES));
    }

    @Test
    void a_cut_counts_visible_characters_alone_and_keeps_the_end_of_the_colour() {
        assertThat(Style.cut(Style.ANSI.bold("abcdef"), 3)).isEqualTo("\u001b[1mabc\u001b[0m");
    }

    private static Figures.Line line(String tenant, long inserted, long inStream, Optional<Duration> latency) {
        return new Figures.Line(tenant, inserted, 99, inStream, inStream, 210.6, latency, latency);
    }
}

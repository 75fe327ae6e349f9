package dev.outboxrelay.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

/** What passes and what fails. */
class HeadlineReportTest {

    private static final Contender A = new ReceiveOnly();
    private static final Contender D = new RelayContender("keep");
    private static final Contender E = named("e");

    private final HeadlineReport report = new HeadlineReport();

    @Test
    void a_run_that_keeps_every_bound_passes() {
        drain(A, 60_000, 1);
        drain(D, 40_000, 25);
        drain(E, 19_000, 130);
        felt(D, 10);
        felt(E, 480);

        assertThat(report.end(1_000)).isTrue();
    }

    @Test
    void a_relay_slower_than_the_bound_fails() {
        drain(A, 60_000, 1);
        drain(D, 35_000, 25);

        assertThat(report.end(1_000)).isFalse();
    }

    @Test
    void a_ratio_is_taken_within_a_round_and_judged_by_its_median() {
        drain(A, 60_000, 1);
        drain(D, 40_000, 25);
        drain(A, 30_000, 1);
        drain(D, 20_000, 25);
        drain(A, 60_000, 1);
        drain(D, 20_000, 25);

        assertThat(report.end(1_000)).isTrue();
    }

    @Test
    void what_was_not_measured_fails_nothing() {
        drain(D, 40_000, 25);

        assertThat(report.end(1_000)).isTrue();
    }

    @Test
    void a_stream_that_is_not_what_it_should_be_fails_the_run() {
        report.contender(D);
        report.drained(
                1, D, new Measured(90_000, 90_000, 1, 1, 1, new Measured.Sizes(1, 0, 0), 0, "one row is missing"));

        assertThat(report.end(1_000)).isFalse();
    }

    @Test
    void the_picture_is_well_formed() throws Exception {
        drain(A, 60_000, 1);
        drain(D, 40_000, 25);
        felt(D, 10);

        String svg = report.svg("R&D <here>", 1_000);

        assertThat(DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(new InputSource(new StringReader(svg)))
                        .getDocumentElement()
                        .getTagName())
                .isEqualTo("svg");
    }

    private void drain(Contender contender, double rate, double client) {
        report.contender(contender);
        report.drained(1, contender, new Measured(rate, rate, 10, 20, client, new Measured.Sizes(200, 0, 0), 0, ""));
    }

    private void felt(Contender contender, double millis) {
        report.contender(contender);
        report.felt(contender, new SteadyLatency.Result(Latencies.of(List.of(millis, millis, millis)), 1_000, 0.1));
    }

    private static Contender named(String key) {
        return new Contender() {
            @Override
            public String key() {
                return key;
            }

            @Override
            public String title() {
                return key;
            }

            @Override
            public Measured drain(Servers servers, Load load) {
                throw new UnsupportedOperationException();
            }
        };
    }
}

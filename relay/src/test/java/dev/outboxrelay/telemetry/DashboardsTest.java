package dev.outboxrelay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The dashboards that are shipped, as far as that can be told without Grafana. */
final class DashboardsTest {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{?(\\w+)");
    private static final Pattern PAGE = Pattern.compile("^/d/([a-z-]+)\\?");
    private static final Set<String> TYPES = Set.of("row", "stat", "timeseries", "table", "state-timeline");
    private static final int COLUMNS = 24;

    static List<Dashboards.Dashboard> all() {
        return Dashboards.all();
    }

    @Test
    void there_are_the_three_and_no_two_have_one_address() {
        assertThat(all()).extracting(Dashboards.Dashboard::name).contains("overview", "tenant", "postgres");
        assertThat(all()).extracting(board -> text(board.json(), "uid")).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("all")
    void it_has_what_grafana_needs_of_a_dashboard(Dashboards.Dashboard board) {
        JsonNode json = board.json();

        assertThat(text(json, "title")).startsWith("Outbox Relay / ");
        assertThat(text(json, "uid")).matches("outbox-relay-[a-z]{1,28}");
        assertThat(json.path("schemaVersion").isInt()).isTrue();
        assertThat(json.path("id").isMissingNode())
                .as("an id is Grafana's to give")
                .isTrue();
        assertThat(board.panels()).isNotEmpty().allSatisfy(panel -> {
            assertThat(TYPES).contains(text(panel, "type"));
            assertThat(text(panel, "title")).isNotBlank();
            boolean row = text(panel, "type").equals("row");
            assertThat(panel.path("targets").isEmpty())
                    .as("nothing to show in %s", text(panel, "title"))
                    .isEqualTo(row);
            panel.path("targets")
                    .forEach(target ->
                            assertThat(target.at("/datasource/uid").asText()).isEqualTo("${datasource}"));
        });
    }

    @ParameterizedTest
    @MethodSource("all")
    void panels_have_ids_and_places_of_their_own(Dashboards.Dashboard board) {
        List<Integer> ids = new ArrayList<>();
        Set<Integer> taken = new HashSet<>();
        for (JsonNode panel : board.panels()) {
            ids.add(panel.path("id").asInt());
            JsonNode at = panel.path("gridPos");
            for (int x = at.path("x").asInt();
                    x < at.path("x").asInt() + at.path("w").asInt();
                    x++) {
                for (int y = at.path("y").asInt();
                        y < at.path("y").asInt() + at.path("h").asInt();
                        y++) {
                    assertThat(x).isBetween(0, COLUMNS - 1);
                    assertThat(taken.add(y * COLUMNS + x))
                            .as("%s lies on another one", text(panel, "title"))
                            .isTrue();
                }
            }
        }

        assertThat(ids).doesNotHaveDuplicates().doesNotContain(0);
    }

    @ParameterizedTest
    @MethodSource("all")
    void queries_of_one_panel_can_be_told_apart(Dashboards.Dashboard board) {
        assertThat(board.panels())
                .allSatisfy(panel -> assertThat(panel.path("targets"))
                        .extracting(target -> text(target, "refId"))
                        .doesNotHaveDuplicates());
    }

    @ParameterizedTest
    @MethodSource("all")
    void it_asks_for_metrics_and_variables_that_there_are(Dashboards.Dashboard board) {
        Set<String> variables = new TreeSet<>(Set.of("__rate_interval", "__all", "__value"));
        board.json().at("/templating/list").forEach(variable -> variables.add(text(variable, "name")));

        assertThat(board.expressions())
                .isNotEmpty()
                .allSatisfy(expression -> assertThat(MetricsReference.entries().keySet())
                        .containsAll(MetricsReference.namedIn(expression)));
        Matcher variable = VARIABLE.matcher(board.json().toString());
        while (variable.find()) {
            assertThat(variables).contains(variable.group(1));
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void links_lead_to_pages_that_there_are(Dashboards.Dashboard board) {
        List<String> pages =
                all().stream().map(other -> text(other.json(), "uid")).toList();
        List<String> urls = board.json().findValuesAsText("url");

        assertThat(urls).isNotEmpty().allSatisfy(url -> {
            Matcher page = PAGE.matcher(url);
            assertThat(page.find()).as(url).isTrue();
            assertThat(pages).contains(page.group(1));
        });
    }

    @Test
    void the_overview_has_the_tenant_that_suffers_most_first() {
        JsonNode table = all().stream()
                .filter(board -> board.name().equals("overview"))
                .flatMap(board -> board.panels().stream())
                .filter(panel -> text(panel, "title").startsWith("Tenants"))
                .filter(panel -> text(panel, "type").equals("table"))
                .findFirst()
                .orElseThrow();

        assertThat(table.at("/options/sortBy/0/displayName").asText()).isEqualTo("Suffering");
        assertThat(table.at("/options/sortBy/0/desc").asBoolean()).isTrue();
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asText();
    }
}

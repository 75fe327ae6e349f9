package dev.outboxrelay.config;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.outboxrelay.rule.RouteDraft;
import dev.outboxrelay.rule.RouteRule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads {@code outbox.routes[i].*}: first {@link #check}, then, where nothing is wrong, {@link #rules}. */
final class RouteListReader {

    private static final Pattern HEADER = Pattern.compile("outbox\\.routes\\[(\\d{1,4})]\\.headers\\.(.+)");
    private static final List<Setting<?>> PARTS = List.of(
            SettingCatalog.ROUTES_NAME,
            SettingCatalog.ROUTES_TENANTS,
            SettingCatalog.ROUTES_SUBJECTS,
            SettingCatalog.ROUTES_ACTION,
            SettingCatalog.ROUTES_SUBJECT_TEMPLATE);

    private final Given given;
    private final Set<Integer> indexes;
    private final Map<Integer, Set<String>> headers = new TreeMap<>();

    RouteListReader(Given given, Set<String> keys) {
        this.given = given;
        this.indexes = ListIndexes.of("outbox.routes", keys);
        for (String key : keys) {
            Matcher header = HEADER.matcher(key);
            if (header.matches()) {
                headers.computeIfAbsent(Integer.parseInt(header.group(1)), unused -> new TreeSet<>())
                        .add(header.group(2));
            }
        }
    }

    void check() {
        Map<String, String> seen = new HashMap<>();
        for (int index : indexes) {
            PARTS.forEach(part -> given.check(part.at(index)));
            Setting<String> name = SettingCatalog.ROUTES_NAME.at(index);
            if (given.has(name) && given.has(SettingCatalog.ROUTES_ACTION.at(index))) {
                if (draft(index).check() instanceof RouteDraft.Checked.Bad bad) {
                    bad.faults().forEach(fault -> report(index, fault));
                }
                String other = seen.putIfAbsent(given.get(name), name.key());
                if (other != null) {
                    given.report(name, "'" + given.get(name) + "' is also " + other, "Give each rule its own name.");
                }
            }
        }
    }

    private void report(int index, RouteDraft.Fault fault) {
        Setting<?> setting = switch (fault.part()) {
            case NAME -> SettingCatalog.ROUTES_NAME.at(index);
            case TENANTS -> SettingCatalog.ROUTES_TENANTS.at(index);
            case SUBJECTS -> SettingCatalog.ROUTES_SUBJECTS.at(index);
            case ACTION -> SettingCatalog.ROUTES_ACTION.at(index);
            case SUBJECT_TEMPLATE -> SettingCatalog.ROUTES_SUBJECT_TEMPLATE.at(index);
            case HEADERS ->
                SettingCatalog.ROUTES_HEADERS.at(
                        index,
                        headers.getOrDefault(index, Set.of("")).iterator().next());
        };
        given.report(setting, "it " + fault.why(), "The README's section about routing rules has examples.");
    }

    List<RouteRule> rules() {
        List<RouteRule> rules = new ArrayList<>();
        for (int index : indexes) {
            if (draft(index).check() instanceof RouteDraft.Checked.Good good) {
                rules.add(good.rule());
            }
        }
        return List.copyOf(rules);
    }

    private RouteDraft draft(int index) {
        return new RouteDraft(
                given.get(SettingCatalog.ROUTES_NAME.at(index)),
                given.get(SettingCatalog.ROUTES_TENANTS.at(index)),
                given.get(SettingCatalog.ROUTES_SUBJECTS.at(index)),
                given.get(SettingCatalog.ROUTES_ACTION.at(index)),
                given.find(SettingCatalog.ROUTES_SUBJECT_TEMPLATE.at(index)).orElse(null),
                headers(index));
    }

    private @Nullable String headers(int index) {
        Set<String> names = headers.get(index);
        return names == null
                ? null
                : names.stream()
                        .map(name -> quoted(name) + ":"
                                + quoted(given.find(SettingCatalog.ROUTES_HEADERS.at(index, name))
                                        .orElse("")))
                        .collect(Collectors.joining(",", "{", "}"));
    }

    private static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}

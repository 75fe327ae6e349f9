package dev.outboxrelay.config;

import static dev.outboxrelay.config.SettingCatalog.*;

import dev.outboxrelay.rule.HeaderRule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads one element of {@code outbox.source.tables}: first {@link #check}, then, where nothing is wrong, the rest. */
final class TableReader {

    private static final List<Setting<?>> KEYS = List.of(
            TABLES_TABLE,
            TABLES_PRESET,
            TABLES_ID_COLUMN,
            TABLES_ORDER_COLUMN,
            TABLES_TENANT,
            TABLES_TENANT_COLUMN,
            TABLES_TENANT_PATH,
            TABLES_SUBJECT,
            TABLES_SUBJECT_PATTERN,
            TABLES_SUBJECT_REPLACEMENT,
            TABLES_PAYLOAD_COLUMN,
            TABLES_PAYLOAD_PATH,
            TABLES_NULL_PAYLOAD,
            TABLES_HEADERS_COLUMN,
            TABLES_HEADERS_PATH,
            TABLES_PUBLICATION_FILTER,
            TABLES_STATUS_COLUMN,
            TABLES_STATUS_PENDING,
            TABLES_STATUS_PUBLISHED,
            TABLES_STATUS_FAILED,
            TABLES_PUBLISHED_AT_COLUMN,
            TABLES_FAILED_AT_COLUMN,
            TABLES_SETTLE);

    /** Those that say what is marked; one of them stands for all of the preset's. */
    private static final List<Setting<?>> MARKED =
            List.of(TABLES_STATUS_COLUMN, TABLES_PUBLISHED_AT_COLUMN, TABLES_FAILED_AT_COLUMN);

    private static final List<Setting<?>> STATUS_VALUES =
            List.of(TABLES_STATUS_PENDING, TABLES_STATUS_PUBLISHED, TABLES_STATUS_FAILED);

    private static final Pattern STRICT = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final int LONGEST_TENANT = 256;

    private final Given given;
    private final int index;
    private final Set<String> lookups;
    private final Set<String> headers;
    private final Set<String> filters;

    TableReader(Given given, Set<String> keys, int index) {
        this.given = given;
        this.index = index;
        this.lookups = names(TABLES_TENANT_LOOKUP, keys);
        this.headers = names(TABLES_HEADER_COLUMNS, keys);
        this.filters = names(TABLES_FILTER, keys);
    }

    /** What stands for the {@code *} at the end of a setting's key. */
    private Set<String> names(Setting<?> setting, Set<String> keys) {
        String start = setting.at(index, "").key();
        Set<String> names = new TreeSet<>();
        for (String key : keys) {
            if (key.length() > start.length() && key.startsWith(start)) {
                names.add(key.substring(start.length()));
            }
        }
        return names;
    }

    void check() {
        KEYS.forEach(key -> given.check(key.at(index)));
        lookups.forEach(value -> checkNamed(TABLES_TENANT_LOOKUP.at(index, value)));
        headers.forEach(header -> checkNamed(TABLES_HEADER_COLUMNS.at(index, header)));
        filters.forEach(column -> checkNamed(TABLES_FILTER.at(index, column)));
        checkTenant();
        checkSubject();
        checkNames();
        checkPaths();
        checkMarks();
    }

    /** An entry without a value is a slip: a filter, for one, must not fall away without a word. */
    private void checkNamed(Setting<?> setting) {
        if (given.has(setting)) {
            given.check(setting);
        } else {
            given.report(setting, "it is blank", "Set it to " + setting.allowed() + ", or take the line out.");
        }
    }

    private Optional<Preset> preset() {
        return given.find(TABLES_PRESET.at(index));
    }

    private boolean has(Setting<?> setting) {
        return given.has(setting.at(index));
    }

    private void checkTenant() {
        boolean hasColumn = has(TABLES_TENANT_COLUMN)
                || preset().flatMap(Preset::tenantColumn).isPresent();
        if (has(TABLES_TENANT)) {
            for (Setting<?> other : List.of(TABLES_TENANT_COLUMN, TABLES_TENANT_PATH)) {
                if (has(other)) {
                    given.report(
                            other.at(index),
                            TABLES_TENANT.at(index).key() + " is given too, which is the tenant of every row",
                            "Give one of the two.");
                }
            }
            lookups.stream()
                    .limit(1)
                    .forEach(value -> given.report(
                            TABLES_TENANT_LOOKUP.at(index, value),
                            TABLES_TENANT.at(index).key() + " is given too, so that there is nothing to look up",
                            "Give one of the two."));
            checkTenant(TABLES_TENANT.at(index));
        } else if (!hasColumn && preset().isPresent()) {
            given.report(
                    TABLES_TENANT_COLUMN.at(index),
                    "it is required: a table of preset " + preset().get() + " has no column that is known to hold the"
                            + " tenant id",
                    "Set it, with tenant-path for a JSON document, or set tenant for one tenant.");
        }
        lookups.forEach(value -> checkTenant(TABLES_TENANT_LOOKUP.at(index, value)));
    }

    private void checkTenant(Setting<String> setting) {
        given.find(setting).ifPresent(tenant -> {
            boolean strict = given.find(NAMING).equals(Optional.of(Naming.STRICT));
            if (strict && !STRICT.matcher(tenant).matches()) {
                given.report(
                        setting,
                        "'" + Redaction.redact(tenant) + "' is not a tenant id, which is [A-Za-z0-9_-]{1,64}",
                        "Set it to such an id, or set outbox.naming: encode.");
            } else if (tenant.length() > LONGEST_TENANT) {
                given.report(setting, "it is longer than " + LONGEST_TENANT + " characters", "Set it to a shorter id.");
            }
        });
    }

    private void checkSubject() {
        if (!has(TABLES_SUBJECT)
                && preset().isPresent()
                && preset().get().subject().isEmpty()) {
            given.report(
                    TABLES_SUBJECT.at(index),
                    "it is required: preset " + preset().get() + " has no subject of its own",
                    "Set it to " + TABLES_SUBJECT.allowed() + ".");
        }
        if (has(TABLES_SUBJECT_PATTERN) != has(TABLES_SUBJECT_REPLACEMENT)) {
            boolean pattern = has(TABLES_SUBJECT_PATTERN);
            given.report(
                    (pattern ? TABLES_SUBJECT_PATTERN : TABLES_SUBJECT_REPLACEMENT).at(index),
                    "it does nothing without " + (pattern ? "subject-replacement" : "subject-pattern"),
                    "Set both, or neither.");
            return;
        }
        given.find(TABLES_SUBJECT_PATTERN.at(index))
                .ifPresent(pattern -> given.find(TABLES_SUBJECT_REPLACEMENT.at(index))
                        .flatMap(replacement -> SubjectRewrite.problem(pattern, replacement))
                        .ifPresent(problem -> given.report(
                                TABLES_SUBJECT_REPLACEMENT.at(index),
                                problem,
                                "Write $1 or ${name} for a group of subject-pattern, and \\$ for a dollar sign.")));
    }

    /** The names that are part of a key, which no type has looked at. */
    private void checkNames() {
        Map<String, String> seen = new HashMap<>();
        for (String header : headers) {
            Setting<?> setting = TABLES_HEADER_COLUMNS.at(index, header);
            HeaderRule.nameProblem(header)
                    .ifPresent(problem -> given.report(setting, problem, "Choose another name for it."));
            String other = seen.putIfAbsent(header.toLowerCase(java.util.Locale.ROOT), header);
            if (other != null) {
                given.report(setting, "its name differs from '" + other + "' by case only", "Keep one of the two.");
            }
        }
        for (String column : filters) {
            SettingTypes.IDENTIFIER.parse(column).fold(name -> true, why -> {
                Setting<?> setting = TABLES_FILTER.at(index, column);
                return given.report(setting, "'" + column + "' " + why, "Name a column behind filter.");
            });
        }
    }

    private void checkPaths() {
        if (has(TABLES_TENANT_PATH) && !has(TABLES_TENANT_COLUMN) && !has(TABLES_TENANT)) {
            given.report(
                    TABLES_TENANT_PATH.at(index), "it needs the column with the document", "Set tenant-column too.");
        }
        boolean noHeaders = preset().map(preset -> preset.headers() == null).orElse(false);
        if (has(TABLES_HEADERS_PATH) && !has(TABLES_HEADERS_COLUMN) && noHeaders) {
            given.report(
                    TABLES_HEADERS_PATH.at(index), "it needs the column with the document", "Set headers-column too.");
        }
    }

    private boolean isMarkingGiven() {
        return MARKED.stream().anyMatch(this::has);
    }

    private void checkMarks() {
        if (!has(TABLES_STATUS_COLUMN)) {
            for (Setting<?> value : STATUS_VALUES) {
                if (has(value)) {
                    given.report(value.at(index), "it does nothing without status-column", "Set status-column too.");
                }
            }
        } else if (!has(TABLES_STATUS_PUBLISHED)) {
            given.report(
                    TABLES_STATUS_PUBLISHED.at(index),
                    "it is required where status-column is given",
                    "Set it to the value that stands for a published row.");
        }
        if (has(TABLES_FAILED_AT_COLUMN) && !has(TABLES_STATUS_COLUMN) && !has(TABLES_PUBLISHED_AT_COLUMN)) {
            given.report(
                    TABLES_FAILED_AT_COLUMN.at(index),
                    "it says nothing about published rows",
                    "Set published-at-column or status-column too.");
        }
        boolean can = isMarkingGiven()
                || preset().map(preset -> preset.marking() != null).orElse(true);
        Setting<SettleMode> settle = TABLES_SETTLE.at(index);
        if (given.find(settle).equals(Optional.of(SettleMode.MARK)) && !can) {
            given.report(
                    settle,
                    "'mark' needs a column for it, which this preset has not",
                    "Set status-column or published-at-column, or set it to keep or delete.");
        }
        given.find(TABLES_STATUS_PENDING.at(index)).ifPresent(pending -> {
            if (given.find(TABLES_STATUS_PUBLISHED.at(index))
                    .filter(pending::contains)
                    .isPresent()) {
                given.report(
                        TABLES_STATUS_PENDING.at(index),
                        "it holds the value of status-published, so that no row could ever be told to be published",
                        "Take it out.");
            }
        });
    }

    TableMapping table() {
        Preset preset = given.get(TABLES_PRESET.at(index));
        Layout layout = layout(preset);
        return new TableMapping(
                given.get(TABLES_TABLE.at(index)),
                preset,
                layout,
                given.find(TABLES_SETTLE.at(index)).orElseGet(() -> settle(preset)),
                given.find(TABLES_PUBLICATION_FILTER.at(index)).orElse(null));
    }

    /** Deleting, and writing into columns that somebody else may read, is only ever done where it was asked for. */
    private SettleMode settle(Preset preset) {
        if (preset == Preset.NATIVE) {
            return given.get(SETTLE_MODE);
        }
        return isMarkingGiven() ? SettleMode.MARK : SettleMode.KEEP;
    }

    private Layout layout(Preset preset) {
        String id = given.find(TABLES_ID_COLUMN.at(index)).orElseGet(preset::idColumn);
        return new Layout(
                id,
                given.find(TABLES_ORDER_COLUMN.at(index)).orElseGet(() -> preset.orderColumn(id)),
                tenant(preset),
                given.find(TABLES_SUBJECT.at(index)).or(preset::subject).orElseThrow(),
                given.find(TABLES_SUBJECT_PATTERN.at(index))
                        .map(pattern -> new SubjectRewrite(pattern, given.get(TABLES_SUBJECT_REPLACEMENT.at(index))))
                        .orElse(null),
                path(TABLES_PAYLOAD_COLUMN, TABLES_PAYLOAD_PATH, preset.payload())
                        .orElseThrow(),
                given.get(TABLES_NULL_PAYLOAD.at(index)),
                path(TABLES_HEADERS_COLUMN, TABLES_HEADERS_PATH, preset.headers())
                        .orElse(null),
                headerColumns(),
                filter(),
                marking(preset));
    }

    /** A column of one's own comes with a path of one's own or with none: the preset's path is for its column. */
    private Optional<ColumnPath> path(Setting<String> column, Setting<List<String>> path, @Nullable ColumnPath preset) {
        Optional<String> own = given.find(column.at(index));
        Optional<List<String>> ownPath = given.find(path.at(index));
        if (own.isPresent()) {
            return Optional.of(new ColumnPath(own.get(), ownPath.orElse(List.of())));
        }
        return Optional.ofNullable(preset).map(known -> new ColumnPath(known.column(), ownPath.orElse(known.path())));
    }

    private TenantSource tenant(Preset preset) {
        Optional<String> constant = given.find(TABLES_TENANT.at(index));
        if (constant.isPresent()) {
            return new TenantSource.Constant(constant.get());
        }
        String column = given.find(TABLES_TENANT_COLUMN.at(index))
                .or(preset::tenantColumn)
                .orElseThrow();
        TenantSource source = given.find(TABLES_TENANT_PATH.at(index))
                .<TenantSource>map(path -> new TenantSource.JsonPath(column, path))
                .orElseGet(() -> new TenantSource.Column(column));
        if (lookups.isEmpty()) {
            return source;
        }
        Map<String, String> tenants = new TreeMap<>();
        lookups.forEach(value -> tenants.put(value, given.get(TABLES_TENANT_LOOKUP.at(index, value))));
        return new TenantSource.Lookup(source, tenants);
    }

    private List<Layout.HeaderColumn> headerColumns() {
        List<Layout.HeaderColumn> columns = new ArrayList<>();
        headers.forEach(header ->
                columns.add(new Layout.HeaderColumn(header, given.get(TABLES_HEADER_COLUMNS.at(index, header)))));
        return columns;
    }

    private RowFilter filter() {
        Map<String, List<String>> values = new TreeMap<>();
        filters.forEach(column -> values.put(column, given.get(TABLES_FILTER.at(index, column))));
        return new RowFilter(values);
    }

    private @Nullable Marking marking(Preset preset) {
        return isMarkingGiven()
                ? new Marking(
                        given.find(TABLES_STATUS_COLUMN.at(index)).orElse(null),
                        given.find(TABLES_STATUS_PENDING.at(index)).orElse(List.of()),
                        given.find(TABLES_STATUS_PUBLISHED.at(index)).orElse(null),
                        given.find(TABLES_STATUS_FAILED.at(index)).orElse(null),
                        given.find(TABLES_PUBLISHED_AT_COLUMN.at(index)).orElse(null),
                        given.find(TABLES_FAILED_AT_COLUMN.at(index)).orElse(null))
                : preset.marking();
    }
}

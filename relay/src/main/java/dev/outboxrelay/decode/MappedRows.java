package dev.outboxrelay.decode;

import dev.outboxrelay.config.ColumnPath;
import dev.outboxrelay.config.Layout;
import dev.outboxrelay.config.NullPayload;
import dev.outboxrelay.config.SubjectRewrite;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.config.TenantSource;
import dev.outboxrelay.event.Payload;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;

/** Rows of tables that somebody else has laid out. */
final class MappedRows implements RowDecoder {

    private final Layout layout;

    MappedRows(TableMapping mapping) {
        this.layout = mapping.layout();
    }

    @Override
    public Decoded decode(Change.Inserted row) {
        RowValues values = new RowValues(row.columns());
        layout.filter().columns().forEach(values::expect);
        return RowDecoder.decoded(
                row,
                values,
                values.text(layout.id()),
                tenant(layout.tenant(), values),
                subject(values),
                headers(values),
                payload(values));
    }

    private static String tenant(TenantSource source, RowValues values) {
        if (source instanceof TenantSource.Column column) {
            return values.text(column.column());
        }
        if (source instanceof TenantSource.Constant constant) {
            return constant.tenant();
        }
        if (source instanceof TenantSource.JsonPath json) {
            return tenant(json, values);
        }
        TenantSource.Lookup lookup = (TenantSource.Lookup) source;
        String found = tenant(lookup.of(), values);
        String tenant = lookup.tenants().get(found);
        if (tenant == null) {
            // the value itself is the row's own, and stays out of every log
            values.problem("no entry of tenant-lookup is for the value in " + String.join(", ", lookup.columns()));
            return "";
        }
        return tenant;
    }

    private static String tenant(TenantSource.JsonPath json, RowValues values) {
        String document = values.document(json.column());
        if (document == null) {
            return values.text(json.column());
        }
        JsonPart part = JsonPart.find(document, json.path());
        String tenant = part.scalar();
        if (tenant == null) {
            values.problem("column " + json.column() + " " + part.shown() + " at " + String.join(".", json.path())
                    + ", where the tenant id should be");
            return "";
        }
        if (tenant.indexOf('\0') >= 0) {
            values.problem("column " + json.column() + " has a tenant id with a zero byte");
            return "";
        }
        return tenant;
    }

    private String subject(RowValues values) {
        String subject = layout.subject().render(values::text);
        SubjectRewrite rewrite = layout.rewrite();
        if (rewrite == null) {
            return subject;
        }
        if (subject.length() > BoundedText.MOST_CHARACTERS) {
            values.problem("its subject is too long for subject-pattern");
            return subject;
        }
        try {
            Matcher matcher = rewrite.pattern().matcher(new BoundedText(subject));
            if (!matcher.matches()) {
                return subject;
            }
            StringBuilder changed = new StringBuilder(64);
            matcher.appendReplacement(changed, rewrite.replacement());
            return changed.toString();
        } catch (BoundedText.Exhausted e) {
            values.problem("subject-pattern takes too long for its subject");
            return subject;
        }
    }

    private Payload payload(RowValues values) {
        ColumnPath source = layout.payload();
        Payload payload = source.path().isEmpty() ? values.payload(source.column()) : part(source, values);
        if (payload != null) {
            return payload;
        }
        if (layout.nullPayload() == NullPayload.REFUSE) {
            values.problem("column " + source.column() + " has no payload");
        }
        return Payload.EMPTY;
    }

    private static @Nullable Payload part(ColumnPath source, RowValues values) {
        String document = values.document(source.column());
        if (document == null) {
            values.expect(source.column());
            return null;
        }
        JsonPart part = JsonPart.find(document, source.path());
        if (part.kind() == JsonPart.Kind.BROKEN) {
            values.problem("column " + source.column() + " " + part.shown());
            return Payload.EMPTY;
        }
        return part.isNothing() ? null : Payload.of(part.json().getBytes(StandardCharsets.UTF_8));
    }

    private @Nullable String headers(RowValues values) {
        ColumnPath source = layout.headers();
        String own = null;
        if (source != null) {
            String document = values.document(source.column());
            if (document != null) {
                JsonPart part = JsonPart.find(document, source.path());
                // what is no JSON is for the rule of headers to say
                own = part.kind() == JsonPart.Kind.BROKEN ? document : part.isNothing() ? null : part.json();
            }
        }
        return HeaderJson.of(layout.headerColumns(), values::optionalText, own);
    }
}

package dev.outboxrelay.decode;

import dev.outboxrelay.config.Layout;
import dev.outboxrelay.config.SubjectTemplate;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.config.TenantSource;
import dev.outboxrelay.event.Payload;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Rows whose events are nothing but values of columns, as those of the native table. */
final class PlainRows implements RowDecoder {

    private final String id;
    private final String tenant;
    private final SubjectTemplate subject;
    private final String payload;
    private final @Nullable String headers;

    PlainRows(TableMapping mapping) {
        Layout layout = mapping.layout();
        id = layout.id();
        tenant = ((TenantSource.Column) layout.tenant()).column();
        subject = layout.subject();
        payload = layout.payload().column();
        headers = layout.headers() == null ? null : layout.headers().column();
    }

    @Override
    public Decoded decode(Change.Inserted row) {
        RowValues values = new RowValues(row.columns());
        return RowDecoder.decoded(
                row,
                values,
                values.text(id),
                values.text(tenant),
                subject.render(values::text),
                headers == null ? null : values.optionalText(headers),
                Objects.requireNonNullElse(values.payload(payload), Payload.EMPTY));
    }
}

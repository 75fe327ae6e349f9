package dev.outboxrelay.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import net.logstash.logback.composite.AbstractJsonProvider;
import org.slf4j.event.KeyValuePair;

/**
 * Writes an event's values as fields of its JSON object: numbers and booleans as they are, all else as it is written in
 * the text format. The library's own provider would take a tenant's id, which is a class here, apart into an object,
 * and fail at a duration. Made by logback.xml.
 */
public final class LogValues extends AbstractJsonProvider<ILoggingEvent> {

    @Override
    public void writeTo(JsonGenerator json, ILoggingEvent event) throws IOException {
        List<KeyValuePair> pairs = event.getKeyValuePairs();
        if (pairs == null) {
            return;
        }
        for (KeyValuePair pair : pairs) {
            json.writeFieldName(pair.key);
            if (pair.value == null || pair.value instanceof Number || pair.value instanceof Boolean) {
                json.writeObject(pair.value);
            } else {
                json.writeString(pair.value.toString());
            }
        }
    }
}

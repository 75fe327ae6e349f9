package dev.outboxrelay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.OutputStreamAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.event.TenantId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

/** What logback.xml makes of an event where JSON is asked for. */
final class JsonLinesTest {

    private final LoggerContext context = new LoggerContext();

    @BeforeEach
    void configure() throws Exception {
        context.setMDCAdapter(new LogbackMDCAdapter());
        context.putProperty("OUTBOX_LOG_FORMAT", "json");
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(LogValues.class.getResource("/logback.xml"));
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    @Test
    void values_are_fields_beside_time_level_logger_thread_and_message() throws Exception {
        LoggingEvent event = event(Level.WARN, "tried again", null);
        event.setInstant(Instant.parse("2026-01-02T03:04:05.678Z"));
        event.addKeyValuePair(new KeyValuePair("tenant", new TenantId("acme")));
        event.addKeyValuePair(new KeyValuePair("rows", 17L));
        event.addKeyValuePair(new KeyValuePair("isLast", true));
        event.addKeyValuePair(new KeyValuePair("after", Duration.ofSeconds(40)));
        event.addKeyValuePair(new KeyValuePair("error", null));

        JsonNode line = json(encoded("json", event));

        assertThat(line.path("@timestamp").asText()).isEqualTo("2026-01-02T03:04:05.678Z");
        assertThat(line.path("level").asText()).isEqualTo("WARN");
        assertThat(line.path("logger_name").asText()).isEqualTo("dev.outboxrelay.Relay");
        assertThat(line.path("thread_name").asText())
                .isEqualTo(Thread.currentThread().getName());
        assertThat(line.path("message").asText()).isEqualTo("tried again");
        assertThat(line.path("tenant").asText()).isEqualTo("acme");
        assertThat(line.path("rows").isNumber()).isTrue();
        assertThat(line.path("isLast").isBoolean()).isTrue();
        assertThat(line.path("after").asText()).isEqualTo("PT40S");
        assertThat(line.path("error").isNull()).isTrue();
        assertThat(line.size()).isEqualTo(10);
    }

    @Test
    void an_event_is_one_line_whatever_is_in_it_and_a_stack_trace_is_one_field() throws Exception {
        LoggingEvent event = event(
                Level.ERROR,
                "first\nsecond \"quoted\" \u2028 \u0000",
                new IOException("a\nb", new IllegalStateException("c")));

        String encoded = encoded("json", event);

        assertThat(encoded).endsWith("\n");
        assertThat(encoded.strip().lines()).hasSize(1);
        assertThat(json(encoded).path("message").asText()).startsWith("first\nsecond \"quoted\"");
        assertThat(json(encoded).path("stack_trace").asText())
                .startsWith("java.io.IOException: a\nb")
                .contains("\n\tat ", "Caused by: java.lang.IllegalStateException: c");
    }

    @Test
    void of_the_engine_no_stack_trace_is_shown_since_the_relay_says_it_itself() throws Exception {
        LoggingEvent event = event(Level.WARN, "retried", new IOException("x"));

        assertThat(json(encoded("json-engine", event)).has("stack_trace")).isFalse();
    }

    private LoggingEvent event(Level level, String message, @Nullable Throwable thrown) {
        Logger logger = context.getLogger("dev.outboxrelay.Relay");
        return new LoggingEvent(JsonLinesTest.class.getName(), logger, level, message, thrown, null);
    }

    private String encoded(String appender, ILoggingEvent event) {
        String owner = appender.endsWith("-engine") ? "io.debezium" : org.slf4j.Logger.ROOT_LOGGER_NAME;
        OutputStreamAppender<ILoggingEvent> found =
                (OutputStreamAppender<ILoggingEvent>) context.getLogger(owner).getAppender(appender);
        return new String(found.getEncoder().encode(event), StandardCharsets.UTF_8);
    }

    private static JsonNode json(String line) throws IOException {
        return new ObjectMapper().readTree(line);
    }
}

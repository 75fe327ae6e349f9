package dev.outboxrelay.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/** Takes the relay's log from the standard output, where the table is, and keeps its last lines. Thread-safe. */
final class RelayLog extends AppenderBase<ILoggingEvent> {

    private static final int KEPT = 4;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());

    private final Deque<String> last = new ArrayDeque<>();
    private final Consumer<String> warnings;

    private RelayLog(Consumer<String> warnings) {
        this.warnings = warnings;
    }

    /** Replaces every appender of this process; warnings and errors also go to {@code warnings}, a line each. */
    static RelayLog takeOver(Consumer<String> warnings) {
        RelayLog log = new RelayLog(warnings);
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            log.setContext(context);
            log.start();
            Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
            root.detachAndStopAllAppenders();
            root.addAppender(log);
        }
        return log;
    }

    @Override
    protected void append(ILoggingEvent event) {
        String line = line(event);
        synchronized (last) {
            last.addLast(line);
            if (last.size() > KEPT) {
                last.removeFirst();
            }
        }
        if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
            warnings.accept(line);
        }
    }

    /** The last lines, the oldest first. */
    List<String> lastLines() {
        synchronized (last) {
            return List.copyOf(last);
        }
    }

    private static String line(ILoggingEvent event) {
        String values = event.getKeyValuePairs() == null
                ? ""
                : event.getKeyValuePairs().stream()
                        .map(pair -> " " + pair.key + "=" + pair.value)
                        .collect(Collectors.joining());
        return TIME.format(Instant.ofEpochMilli(event.getTimeStamp())) + " " + event.getLevel() + " "
                + event.getFormattedMessage().replaceAll("\\R", " | ") + values;
    }
}

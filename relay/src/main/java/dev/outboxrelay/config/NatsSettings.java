package dev.outboxrelay.config;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How NATS is reached ({@code outbox.nats.*}).
 *
 * @param urls one or more server URLs of one cluster; they may carry credentials, so show {@link #shownUrls()} instead
 * @param credentialsFile a NATS {@code .creds} file, or null
 */
public record NatsSettings(List<String> urls, @Nullable Path credentialsFile) {

    public NatsSettings {
        urls = List.copyOf(urls);
    }

    /** The URLs with every credential in them replaced by {@code ***}, comma separated, for messages. */
    public String shownUrls() {
        return urls.stream().map(Redaction::redact).collect(Collectors.joining(","));
    }

    @Override
    public String toString() {
        return "NatsSettings[urls=%s, credentialsFile=%s]".formatted(shownUrls(), credentialsFile);
    }
}

package dev.outboxrelay.config;

import org.jspecify.annotations.Nullable;

/**
 * What messages say about themselves ({@code outbox.events.*}); all but the format counts for CloudEvents alone.
 *
 * @param format which attributes they have
 * @param source where they come from, a URI reference
 * @param type what kind they are
 * @param subject what they are about within the source; null for no such attribute
 * @param contentType the media type of payloads whose row does not say it; null for no such attribute
 */
public record EventSettings(
        EventFormat format,
        AttributeTemplate source,
        AttributeTemplate type,
        @Nullable AttributeTemplate subject,
        @Nullable String contentType) {}

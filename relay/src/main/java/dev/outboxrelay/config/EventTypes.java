package dev.outboxrelay.config;

import java.util.Optional;
import java.util.regex.Pattern;

/** The types of {@code outbox.events.*}. */
final class EventTypes {

    private EventTypes() {}

    private static final Pattern MEDIA = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+"
            + "(?: ?; ?[!#$%&'*+.^_`|~0-9A-Za-z-]+=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|\"[ -~&&[^\"\\\\]]*\"))*");

    static final SettingType<AttributeTemplate> ATTRIBUTE = SettingTypes.parsed(
            "printable ASCII without blanks, with {tenant}, {subject} and {table} parts", AttributeTemplate::parse);

    static final SettingType<AttributeTemplate> REFERENCE = SettingTypes.parsed(
            "a URI reference with {tenant}, {subject} and {table} parts", AttributeTemplate::parseReference);

    static final SettingType<String> MEDIA_TYPE = SettingTypes.parsed(
            "a media type, such as application/json", text -> Optional.of(text).filter(MEDIA.asMatchPredicate()));
}

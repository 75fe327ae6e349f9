package dev.outboxrelay.config;

import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which elements of a list are given: keys name them as {@code outbox.consumers[0].name}. Pure. */
final class ListIndexes {

    private ListIndexes() {}

    /** The indexes of a list such as {@code outbox.consumers}, in order. */
    static Set<Integer> of(String list, Collection<String> keys) {
        Pattern element = Pattern.compile(Pattern.quote(list) + "\\[(\\d{1,4})]\\..+");
        Set<Integer> indexes = new TreeSet<>();
        for (String key : keys) {
            Matcher matcher = element.matcher(key);
            if (matcher.matches()) {
                indexes.add(Integer.parseInt(matcher.group(1)));
            }
        }
        return indexes;
    }
}

package dev.outboxrelay.policy;

import org.jspecify.annotations.Nullable;

/**
 * A row of one of the policy tables, as it is in the table or as a change has made it.
 *
 * @param object which table: {@link #TENANT}, {@link #ROUTE} or {@link #CONSUMER}
 * @param key the row's key: tenant id, name, or tenant id and name with a slash between (a name has none)
 * @param json the whole row as a JSON object by column, intervals in ISO 8601; null when it was deleted
 */
public record PolicyRow(String object, String key, @Nullable String json) {

    public static final String TENANT = "tenant";
    public static final String ROUTE = "route";
    public static final String CONSUMER = "consumer";
}

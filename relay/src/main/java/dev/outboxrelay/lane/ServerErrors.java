package dev.outboxrelay.lane;

import dev.outboxrelay.lane.Failure.Kind;
import java.util.Map;

/** What each JetStream API error means for a lane: one table, codes as in nats-server's {@code server/errors.json}. */
public final class ServerErrors {

    /** The server's code for "stream not found". */
    public static final int STREAM_NOT_FOUND = 10059;

    /** The server's code for "no message found". */
    public static final int MESSAGE_NOT_FOUND = 10037;

    private static final int STORE_FAILED = 10077;

    private static final Map<Integer, Kind> KINDS = Map.ofEntries(
            // the end of the stream is not where it was expected
            Map.entry(10071, Kind.FENCED),
            Map.entry(10164, Kind.FENCED),
            Map.entry(10070, Kind.FENCED),
            // elections, restarts, a duplicate in process, a stream that is being made
            Map.entry(10158, Kind.TRANSIENT),
            Map.entry(10008, Kind.TRANSIENT),
            Map.entry(10163, Kind.TRANSIENT),
            Map.entry(10004, Kind.TRANSIENT),
            Map.entry(10009, Kind.TRANSIENT),
            Map.entry(10118, Kind.TRANSIENT),
            Map.entry(10194, Kind.TRANSIENT),
            Map.entry(10167, Kind.TRANSIENT),
            Map.entry(10058, Kind.TRANSIENT),
            Map.entry(STREAM_NOT_FOUND, Kind.TRANSIENT),
            // account or server out of resources
            Map.entry(10002, Kind.TENANT_TROUBLE),
            Map.entry(10047, Kind.TENANT_TROUBLE),
            Map.entry(10028, Kind.TENANT_TROUBLE),
            Map.entry(10023, Kind.TENANT_TROUBLE),
            Map.entry(10122, Kind.TENANT_TROUBLE),
            // the message can never be stored in this stream
            Map.entry(10054, Kind.POISON),
            Map.entry(10097, Kind.POISON),
            // wrong stream, sealed, a feature that is off
            Map.entry(10060, Kind.TENANT_TROUBLE),
            Map.entry(10109, Kind.TENANT_TROUBLE),
            Map.entry(10166, Kind.TENANT_TROUBLE),
            // overlapping subjects, bad configuration, replicas without a cluster, limits
            Map.entry(10065, Kind.TENANT_TROUBLE),
            Map.entry(10052, Kind.TENANT_TROUBLE),
            Map.entry(10074, Kind.TENANT_TROUBLE),
            Map.entry(10027, Kind.TENANT_TROUBLE),
            Map.entry(10026, Kind.TENANT_TROUBLE),
            Map.entry(10005, Kind.TENANT_TROUBLE),
            // JetStream off, for the server or the account
            Map.entry(10039, Kind.TENANT_TROUBLE),
            Map.entry(10076, Kind.TENANT_TROUBLE));

    private ServerErrors() {}

    /** Classifies an API error by its code; an unknown one counts against the message that got it. */
    public static Failure of(int apiCode, String description) {
        Kind kind = apiCode == STORE_FAILED ? storeFailed(description) : KINDS.getOrDefault(apiCode, Kind.UNEXPLAINED);
        return new Failure(kind, Integer.toString(apiCode), description + " [" + apiCode + "]" + hint(apiCode));
    }

    /** A full stream says so in words; anything else there is an I/O error that may pass. */
    private static Kind storeFailed(String description) {
        return description.contains("maximum") ? Kind.TENANT_TROUBLE : Kind.TRANSIENT;
    }

    private static String hint(int apiCode) {
        return switch (apiCode) {
            case 10074 -> "; a single server takes outbox.streams.replicas: 1";
            case 10039, 10076 -> "; enable JetStream on the server and for the account";
            case 10065 -> "; another stream takes these subjects: nats stream ls --subjects";
            default -> "";
        };
    }
}

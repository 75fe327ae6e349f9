package dev.outboxrelay.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who may read and do what on the admin server.
 *
 * @param token what has to be shown for actions; {@link Secret#NONE} if it is in a file, or if there is none
 * @param tokenFile the file that holds it, read again when it changes; null if there is none
 * @param tokenForReading whether metrics and status want it too
 * @param hosts further names under which browsers may come to a server that listens on loopback
 */
public record AdminAccess(Secret token, @Nullable Path tokenFile, boolean tokenForReading, List<String> hosts) {

    /** No token: everybody who can connect may read, and nobody may do anything. */
    public static final AdminAccess READING = new AdminAccess(Secret.NONE, null, false, List.of());

    public AdminAccess {
        hosts = List.copyOf(hosts);
    }
}

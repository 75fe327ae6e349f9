package dev.outboxrelay.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * As whom the relay comes to PostgreSQL. A password that is in a file is read again at each connection.
 *
 * @param user the role
 * @param password its password, where it is not in a file
 * @param passwordFile a file that holds the password, or null
 * @param passfile a file of lines {@code host:port:database:user:password}, or null
 */
public record PostgresLogin(
        String user,
        Secret password,
        @Nullable Path passwordFile,
        @Nullable Path passfile) {

    /** With a password that is known. */
    public static PostgresLogin of(String user, Secret password) {
        return new PostgresLogin(user, password, null, null);
    }

    /** With a password in a file. */
    public static PostgresLogin ofFile(String user, Path passwordFile) {
        return new PostgresLogin(user, Secret.NONE, passwordFile, null);
    }
}

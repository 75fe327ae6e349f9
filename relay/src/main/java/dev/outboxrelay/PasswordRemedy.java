package dev.outboxrelay;

import dev.outboxrelay.config.PostgresLogin;
import java.nio.file.Path;

/** What to do about a database that let the relay in and does no longer: names the setting and its file. Pure. */
final class PasswordRemedy {

    private PasswordRemedy() {}

    static String of(PostgresLogin login) {
        Path file = login.passwordFile();
        Path passfile = login.passfile();
        String role = "write the password of role " + login.user() + " into ";
        if (file != null) {
            return role + file + " (outbox.postgres.password-file), which is read at each attempt; or look at"
                    + " pg_hba.conf";
        }
        return passfile != null
                ? role + passfile + " (outbox.postgres.passfile), which is read at each attempt; or look at pg_hba.conf"
                : role + "outbox.postgres.password and restart; outbox.postgres.password-file needs no restart. Or look"
                        + " at pg_hba.conf";
    }
}

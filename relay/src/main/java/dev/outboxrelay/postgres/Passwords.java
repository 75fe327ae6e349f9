package dev.outboxrelay.postgres;

import dev.outboxrelay.config.PostgresLogin;
import dev.outboxrelay.config.Secret;
import dev.outboxrelay.tls.SecretFile;
import dev.outboxrelay.tls.SecretFileException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The password as it is now: files are read at each connection, so that a new one counts without a restart. */
final class Passwords {

    private static final int FIELDS = 5;

    private Passwords() {}

    static Secret current(PostgresLogin login, Endpoint endpoint) throws SQLException {
        Path file = login.passwordFile();
        Path passfile = login.passfile();
        try {
            if (file != null) {
                return new Secret(new SecretFile("outbox.postgres.password-file", file).text());
            }
            if (passfile != null) {
                String lines = new SecretFile("outbox.postgres.passfile", passfile).text();
                return fromPassfile(lines, login.user(), endpoint)
                        .orElseThrow(() -> new SQLException(
                                "outbox.postgres.passfile: no line of " + passfile + " is for " + endpoint.host() + ":"
                                        + endpoint.port() + ":" + endpoint.database() + ":" + login.user()
                                        + "\n    mend: add such a line, with the password behind it",
                                SqlErrors.UNTRUSTED));
            }
        } catch (SecretFileException e) {
            throw new SQLException(e.getMessage(), SqlErrors.UNTRUSTED, e);
        }
        return login.password();
    }

    /** The first line that fits, as libpq reads the file: {@code *} fits anything, a backslash takes its meaning. */
    static Optional<Secret> fromPassfile(String text, String user, Endpoint endpoint) {
        return text.lines()
                .filter(line -> !line.startsWith("#"))
                .map(Passwords::fields)
                .filter(fields -> fields.size() == FIELDS
                        && fits(fields.get(0), endpoint.host().replaceAll("[\\[\\]]", ""))
                        && fits(fields.get(1), Integer.toString(endpoint.port()))
                        && fits(fields.get(2), endpoint.database())
                        && fits(fields.get(3), user))
                .map(fields -> new Secret(fields.get(4)))
                .findFirst();
    }

    private static boolean fits(String field, String value) {
        return field.equals("*") || field.equals(value);
    }

    private static List<String> fields(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\' && i + 1 < line.length()) {
                field.append(line.charAt(++i));
            } else if (c == ':' && fields.size() < FIELDS - 1) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        fields.add(field.toString());
        return fields;
    }
}

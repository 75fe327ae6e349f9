package dev.outboxrelay.dlq;

import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.postgres.SqlErrors;
import java.sql.SQLException;
import java.util.regex.Pattern;

/** The table of dead letters cannot be used; the message says where, why, and what to do. */
public final class DeskException extends Exception {

    private static final long serialVersionUID = 1L;

    /** What {@code schema/optional/several-slots.sql} did not grant at first. */
    private static final Pattern SHARES = Pattern.compile("\\b(share|bucket)\\b");

    DeskException(PostgresSettings settings, SQLException cause) {
        super(
                "PostgreSQL at " + settings.shownUrl() + " as user " + settings.user() + ": " + cause.getMessage()
                        + ". " + remedy(settings, cause),
                cause);
    }

    private static String remedy(PostgresSettings settings, SQLException cause) {
        String state = SqlErrors.stateOf(cause);
        if (state.startsWith("28")) {
            return "Check --user and --password-file (or outbox.postgres.user and .password-file), and pg_hba.conf.";
        }
        return switch (state) {
            case "42501" ->
                SHARES.matcher(String.valueOf(cause.getMessage())).find()
                        ? "As the owner of the schema: GRANT SELECT ON outbox.share TO outbox_operator, outbox_relay;"
                                + " GRANT EXECUTE ON FUNCTION outbox.bucket(text) TO outbox_operator, outbox_relay;"
                        : "As a superuser: GRANT outbox_operator TO " + settings.user() + ";";
            case "3F000", "42P01" ->
                "Check the database in outbox.postgres.url, and that schema/V1__outbox.sql is installed there.";
            case "42883" -> "Run schema/V5__republish.sql there.";
            case "42703" -> "Run schema/V3__parking.sql there.";
            default -> "What was committed until now stays; run the same command again for the rest.";
        };
    }
}

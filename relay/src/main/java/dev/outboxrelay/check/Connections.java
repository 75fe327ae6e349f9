package dev.outboxrelay.check;

import dev.outboxrelay.config.Settings;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Whether both ends can be reached and let the relay in. */
final class Connections {

    private static final Pattern DENIED = Pattern.compile("permission denied for (function|table|view) (\\w+)");

    private Connections() {}

    static Result postgres(Settings settings, End.@Nullable Failure failure) {
        String url = settings.postgres().shownUrl();
        String role = SqlText.name(settings.postgres().user());
        if (failure == null) {
            return Result.pass(Check.POSTGRES_CONNECTION, "connected to " + url + " as " + role);
        }
        String text = url + " as " + role + ": " + withoutMend(failure.message());
        String database = url.replaceFirst("\\?.*", "").replaceFirst(".*/", "");
        Remedy remedy = switch (failure.kind()) {
            case End.Failure.LOOK -> look(failure.message(), role);
            case "28P01" ->
                Remedy.shell("psql -d " + SqlText.shell(database) + " -c " + SqlText.shell("\\password " + role))
                        .then("and give the relay the same in outbox.postgres.password-file");
            case "28000" ->
                failure.message().contains("not permitted to log in")
                        ? Remedy.sql("ALTER ROLE " + role + " LOGIN;")
                        : failure.message().contains("does not exist")
                                ? Remedy.shell("psql -d " + SqlText.shell(database)
                                        + " -v ON_ERROR_STOP=1 --single-transaction -f schema/V1__outbox.sql")
                                : Remedy.shell("echo 'hostssl " + database + " " + role
                                                + " samenet scram-sha-256' >> \"$(psql -Atc 'SHOW hba_file')\"")
                                        .then("SELECT pg_reload_conf();");
            case End.Failure.UNTRUSTED -> trust(failure.message(), "outbox.postgres.tls");
            case "42501" -> Remedy.sql("GRANT CONNECT ON DATABASE " + SqlText.name(database) + " TO " + role + ";");
            case "3D000" -> Remedy.relay("outbox.postgres.url: jdbc:postgresql://HOST:5432/THE_OUTBOX_DATABASE");
            case "53300" -> Remedy.sql("ALTER ROLE " + role + " CONNECTION LIMIT -1;");
            default ->
                Remedy.shell("pg_isready -d "
                        + SqlText.shell(url.replaceFirst("^jdbc:", "").replaceFirst("\\?.*", "")));
        };
        return Result.fail(Check.POSTGRES_CONNECTION, text, remedy);
    }

    /** The message says itself what mends it; which setting that is depends on whose certificate it is about. */
    private static Remedy trust(String message, String prefix) {
        String mend = message.replaceFirst("(?s).*mend: ", "");
        String run = mend.contains("cert-file")
                ? prefix + ".cert-file: /path/to/relay.pem\n" + prefix + ".key-file: /path/to/relay.key"
                : prefix + ".ca-file: /path/to/ca.pem";
        return mend.equals(message) ? Remedy.relay(run) : Remedy.relay(run).then(mend);
    }

    private static String withoutMend(String message) {
        return message.replaceFirst("(?s)[;\\s]*mend: .*", "");
    }

    /** Functions and views of the system that everybody may use unless somebody took that away. */
    private static Remedy look(String message, String role) {
        Matcher denied = DENIED.matcher(message);
        if (!denied.find()) {
            return Remedy.shell("outbox-relay check --debug").then("and read what the server's log says of it");
        }
        String what = denied.group(1).equals("function") ? "EXECUTE ON FUNCTION " : "SELECT ON ";
        return Remedy.sql("GRANT " + what + "pg_catalog." + SqlText.name(denied.group(2)) + " TO " + role + ";");
    }

    /** A server that refuses has answered. */
    static Result nats(Settings settings, End.@Nullable Failure failure) {
        String urls = settings.nats().shownUrls();
        if (failure == null) {
            return Result.pass(Check.NATS_CONNECTION, "connected to " + urls);
        }
        return failure.kind().equals(End.Failure.AWAY)
                ? Result.fail(
                        Check.NATS_CONNECTION,
                        urls + ": " + failure.message(),
                        Remedy.shell("nats --server " + SqlText.shell(urls.replace("***@", "")) + " rtt")
                                .then("start nats-server, or set outbox.nats.url"))
                : Result.pass(Check.NATS_CONNECTION, "a server answers at " + urls);
    }

    static Result credentials(End.Failure failure, String otherwise) {
        if (!failure.kind().equals(End.Failure.REFUSED)) {
            return Result.skipped(Check.NATS_CREDENTIALS, otherwise);
        }
        String mend = failure.message().replaceFirst("(?s).*mend: ", "");
        Remedy remedy = Remedy.relay("outbox.nats.credentials-file: /path/to/relay.creds");
        return Result.fail(
                Check.NATS_CREDENTIALS,
                withoutMend(failure.message()),
                mend.equals(failure.message()) ? remedy : remedy.then(mend));
    }

    static Result tls(Settings settings, End.Failure failure, String otherwise) {
        return failure.kind().equals(End.Failure.TLS)
                ? Result.fail(
                        Check.NATS_TLS, withoutMend(failure.message()), trust(failure.message(), "outbox.nats.tls"))
                : Result.skipped(Check.NATS_TLS, otherwise);
    }
}

package dev.outboxrelay.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.config.AdminAccess;
import dev.outboxrelay.config.AdminSettings;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Secret;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Asks a running relay how it fares. */
final class StatusClient {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Set<String> EVERY_ADDRESS = Set.of("0.0.0.0", "::", "0:0:0:0:0:0:0:0");

    private final URI address;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final ObjectMapper mapper = new ObjectMapper();

    private final Secret token;

    /** @param token what the relay wants to see where reading is not open; {@link Secret#NONE} for nothing */
    private StatusClient(URI address, Secret token) {
        this.address = address;
        this.token = token;
    }

    /**
     * The relay that is meant: at this address, or where the configuration says that it listens. A token goes with it
     * where one is named, or where the configuration says that this relay wants one.
     *
     * @throws IllegalArgumentException when the text is no address of a server
     */
    static StatusClient of(
            @Nullable String url,
            @Nullable Path tokenFile,
            @Nullable Path config,
            Map<String, String> environment,
            CommandLine command) {
        Secret named = tokenFile == null ? Secret.NONE : secret("--token-file", tokenFile, command);
        if (url != null) {
            return new StatusClient(address(url), named);
        }
        AdminSettings admin = settings(config, environment, command);
        String host = EVERY_ADDRESS.contains(admin.host()) ? "127.0.0.1" : admin.host();
        String known = "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + admin.port();
        return new StatusClient(address(known), named.isPresent() ? named : wanted(admin.access(), command));
    }

    private static AdminSettings settings(@Nullable Path config, Map<String, String> environment, CommandLine command) {
        // who asks for the status need not know where the servers are
        Reading reading = ConfigLoader.load(
                config,
                environment,
                Map.of(
                        "outbox.nats.url", "nats://not-needed:4222",
                        "outbox.postgres.url", "jdbc:postgresql://not-needed:5432/not-needed"));
        if (reading instanceof Reading.Rejected rejected) {
            ConfigProblems.print(rejected, command.getErr());
            throw new ParameterException(command, "The configuration cannot be used");
        }
        AdminSettings admin = ((Reading.Complete) reading).settings().admin();
        if (admin.port() == 0) {
            throw new ParameterException(command, "outbox.admin.bind has port 0, which is any: say --url");
        }
        return admin;
    }

    private static Secret wanted(AdminAccess access, CommandLine command) {
        if (!access.tokenForReading()) {
            return Secret.NONE;
        }
        Path file = access.tokenFile();
        return file == null ? access.token() : secret("outbox.admin.token-file", file, command);
    }

    private static Secret secret(String what, Path file, CommandLine command) {
        try {
            return new Secret(Files.readString(file).strip());
        } catch (IOException e) {
            throw new ParameterException(
                    command,
                    what + ": " + file + " cannot be read ("
                            + e.getClass().getSimpleName().replace("Exception", "")
                            + "): name a file that this user may read",
                    e);
        }
    }

    /**
     * The address of the page.
     *
     * @throws IllegalArgumentException when the text is no address of a server
     */
    private static URI address(String server) {
        URI uri = URI.create(server.replaceAll("/+$", "") + "/api/status");
        if (uri.getHost() == null || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
            throw new IllegalArgumentException("'" + server + "' is not like http://host:8080");
        }
        return uri;
    }

    /** The answer. */
    JsonNode get() throws IOException, InterruptedException {
        HttpResponse<String> answer;
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(PATIENCE);
            if (token.isPresent()) {
                request.header("Authorization", "Bearer " + token.reveal());
            }
            answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IOException(
                    "no relay answers at " + address + " (" + e.getClass().getSimpleName() + "): is it running here?"
                            + " outbox.admin.bind says where it listens, --url where to ask",
                    e);
        }
        if (answer.statusCode() == 401) {
            throw new IOException(
                    "the relay at " + address + (token.isPresent() ? " does not take this token" : " wants its token")
                            + ": say --token-file, or give outbox.admin.token-file as the relay has it");
        }
        try {
            JsonNode status = mapper.readTree(answer.body());
            if (answer.statusCode() == 200 && status.path("tenants").isArray()) {
                return status;
            }
        } catch (JsonProcessingException e) {
            throw new IOException("what answers at " + address + " is no relay", e);
        }
        throw new IOException("what answers at " + address + " is no relay, or it is not well: HTTP "
                + answer.statusCode() + "; the reason is in its log");
    }
}

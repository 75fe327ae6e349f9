package dev.outboxrelay.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.config.Problem;
import dev.outboxrelay.config.RawValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings that a context of the nats command line tool gives, by key. What it says besides, for people, does not
 * matter here; what would change how the relay connects, and cannot, is a problem.
 *
 * @param origin the file, for people
 * @param values key to text
 */
record NatsContext(String origin, Map<String, String> values, List<Problem> problems) {

    private static final String KEY = "outbox.nats.context-file";

    private static final Map<String, String> KEYS = Map.of(
            "url", "outbox.nats.url",
            "creds", "outbox.nats.credentials-file",
            "nkey", "outbox.nats.nkey-file",
            "user", "outbox.nats.user",
            "password", "outbox.nats.password",
            "token", "outbox.nats.token",
            "ca", "outbox.nats.tls.ca-file",
            "cert", "outbox.nats.tls.cert-file",
            "key", "outbox.nats.tls.key-file",
            "tls_first", "outbox.nats.tls.handshake-first");

    private static final List<String> PATHS = List.of("creds", "nkey", "ca", "cert", "key");

    private static final List<String> UNUSABLE = List.of(
            "nsc",
            "user_jwt",
            "user_seed",
            "socks_proxy",
            "inbox_prefix",
            "jetstream_domain",
            "jetstream_api_prefix",
            "windows_cert_store");

    static NatsContext none() {
        return new NatsContext("", Map.of(), List.of());
    }

    /** Reads it. */
    static NatsContext read(String file, String home) {
        NatsContext context = new NatsContext(RawValue.CONTEXT + file, new TreeMap<>(), new ArrayList<>());
        try {
            JsonNode json = new ObjectMapper().readTree(Files.readString(Path.of(file.strip())));
            if (json.isObject()) {
                context.take(json, home);
            } else {
                context.problem("it is no JSON object", "Name a file of ~/.config/nats/context.");
            }
        } catch (JsonProcessingException e) {
            context.problem("it is no JSON", "Name a file of ~/.config/nats/context.");
        } catch (IOException | InvalidPathException e) {
            context.problem(
                    "it cannot be read (" + e.getClass().getSimpleName().replace("Exception", "") + ")",
                    "Name a context's file that this user may read.");
        }
        return context;
    }

    private void take(JsonNode json, String home) {
        KEYS.forEach((name, key) -> {
            String text = json.path(name).asText("");
            if (!text.isBlank()) {
                values.put(key, PATHS.contains(name) ? inHome(text, home) : text);
            }
        });
        for (String name : UNUSABLE) {
            if (!json.path(name).asText("").isBlank()) {
                problem(
                        "it has " + name + ", which the relay does not know",
                        "Make a context for the relay without it.");
            }
        }
    }

    /** As the tool itself reads it. */
    private static String inHome(String file, String home) {
        return file.startsWith("~/") ? home + file.substring(1) : file;
    }

    private void problem(String why, String nextStep) {
        problems.add(new Problem(KEY, origin, why, nextStep));
    }
}

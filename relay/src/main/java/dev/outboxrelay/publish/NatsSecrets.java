package dev.outboxrelay.publish;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.outboxrelay.config.NatsLogin;
import dev.outboxrelay.config.Secret;
import dev.outboxrelay.tls.SecretFile;
import dev.outboxrelay.tls.SecretFileException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Password and token as they are now. Thread-safe. */
final class NatsSecrets {

    private static final JsonFactory JSON = new JsonFactory();

    private final NatsLogin login;

    NatsSecrets(NatsLogin login) {
        this.login = login;
    }

    String password() throws SecretFileException {
        return current(login.passwordFile(), "password", login.password());
    }

    String token() throws SecretFileException {
        return current(login.tokenFile(), "token", login.token());
    }

    private String current(@Nullable Path file, String name, Secret given) throws SecretFileException {
        Path context = login.contextFile();
        if (file != null) {
            return new SecretFile("outbox.nats." + name + "-file", file).text();
        }
        return context == null ? given.value() : field(new SecretFile("outbox.nats.context-file", context), name);
    }

    private static String field(SecretFile context, String name) throws SecretFileException {
        String text = context.text();
        try (JsonParser json = JSON.createParser(text)) {
            while (json.nextToken() != null) {
                if (json.currentToken() == JsonToken.FIELD_NAME
                        && json.currentName().equals(name)) {
                    json.nextToken();
                    return json.getText();
                }
            }
        } catch (IOException e) {
            throw context.wrong("is no JSON any more", "write the context anew: nats context save");
        }
        throw context.wrong("no longer holds a " + name, "write it into the context, or leave it out of both");
    }
}

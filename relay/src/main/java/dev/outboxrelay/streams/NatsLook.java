package dev.outboxrelay.streams;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.check.End;
import dev.outboxrelay.check.NatsFacts;
import dev.outboxrelay.check.NatsFacts.Account;
import dev.outboxrelay.check.NatsFacts.Probe;
import dev.outboxrelay.check.NatsFacts.Stream;
import dev.outboxrelay.check.NatsFacts.User;
import dev.outboxrelay.check.Seen;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.consumer.ConsumerActual;
import dev.outboxrelay.jetstream.Consumers;
import dev.outboxrelay.route.Address;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.Message;
import io.nats.client.api.AccountLimits;
import io.nats.client.api.AccountStatistics;
import io.nats.client.api.AccountTier;
import io.nats.client.api.ServerInfo;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Collects what the doctor decides by, over a connection of the relay's own user. It makes, changes and publishes
 * nothing.
 */
public final class NatsLook {

    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final String USER_INFO = "$SYS.REQ.USER.INFO";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Connection connection;
    private final Settings settings;
    private final InstantSource clock;
    private final boolean wantsConsumers;
    private final Map<String, Address> known = new HashMap<>();

    private NatsLook(
            Connection connection,
            Settings settings,
            Collection<String> tenants,
            boolean wantsConsumers,
            InstantSource clock) {
        this.connection = connection;
        this.settings = settings;
        this.wantsConsumers = wantsConsumers;
        this.clock = clock;
        for (String tenant : tenants) {
            Address.of(tenant, settings.naming())
                    .ifPresent(address -> known.putIfAbsent(address.stream().value(), address));
        }
    }

    /**
     * Looks.
     *
     * @param server its address, without credentials
     * @param tenants those that are known
     * @param wantsConsumers whether anybody asks for consumers, so that they have to be looked at
     * @param monitorUrl the server's monitoring endpoint; null where nobody has told
     */
    public static End<NatsFacts> look(
            Connection connection,
            String server,
            Settings settings,
            Collection<String> tenants,
            boolean wantsConsumers,
            @Nullable URI monitorUrl,
            InstantSource clock)
            throws InterruptedException {
        NatsLook look = new NatsLook(connection, settings, tenants, wantsConsumers, clock);
        return End.of(look.facts(server, monitorUrl));
    }

    private NatsFacts facts(String url, @Nullable URI monitorUrl) throws InterruptedException {
        ServerInfo info = connection.getServerInfo();
        boolean tls = info.isTLSRequired() || url.startsWith("tls:") || url.startsWith("wss:");
        NatsFacts.Server server = new NatsFacts.Server(
                url,
                info.getVersion(),
                info.getCluster() != null,
                info.isJetStreamAvailable(),
                tls,
                isLocal(url),
                info.getMaxPayload());
        Seen<JsonNode> userInfo = userInfo();
        Seen<Duration> ahead = userInfo.isSeen() ? ahead(userInfo.get()) : Seen.hidden(userInfo.reason());
        Seen<User> user = userInfo.isSeen() ? user(userInfo.get()) : Seen.hidden(userInfo.reason());
        NatsProbes probes = new NatsProbes(connection, PATIENCE);
        List<Probe> requests =
                info.isJetStreamAvailable() ? probes.requests(settings.streams().provision()) : List.of();
        return new NatsFacts(
                server,
                user,
                ahead,
                requests,
                probes.subscriptions(),
                mayAsk("$JS.API.INFO", requests, this::account),
                mayAsk("$JS.API.STREAM.LIST", requests, this::streams),
                MonitorLook.look(monitorUrl));
    }

    /** What is refused is answered by silence, and nobody has to wait for it again. */
    private static <T> Seen<T> mayAsk(String subject, List<Probe> probes, Supplier<Seen<T>> asking) {
        if (probes.isEmpty()) {
            return Seen.hidden("the server runs without JetStream");
        }
        return probes.stream()
                        .anyMatch(probe -> probe.subject().equals(subject) && probe.outcome() == Probe.Outcome.DENIED)
                ? Seen.hidden("the relay may not send requests to " + subject + ": see api-permissions")
                : asking.get();
    }

    private static boolean isLocal(String url) {
        try {
            String host = URI.create(url.replaceFirst("//[^@/]*@", "//")).getHost();
            return host != null && InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException | IllegalArgumentException e) {
            return false;
        }
    }

    /** Asks the server whom it takes this connection for; its answer has the server's time too. */
    private Seen<JsonNode> userInfo() throws InterruptedException {
        Instant before = clock.instant();
        Message answer = connection.request(USER_INFO, new byte[0], PATIENCE);
        Instant middle = before.plus(Duration.between(before, clock.instant()).dividedBy(2));
        if (answer == null || answer.getData() == null || answer.getData().length == 0) {
            return Seen.hidden("no answer from " + USER_INFO);
        }
        try {
            JsonNode json = JSON.readTree(answer.getData());
            return json.path("data").path("account").isMissingNode()
                    ? Seen.hidden(USER_INFO + " answers with something else")
                    : Seen.of(((com.fasterxml.jackson.databind.node.ObjectNode) json).put("asked", middle.toString()));
        } catch (IOException e) {
            return Seen.hidden(USER_INFO + " answers with something else");
        }
    }

    private static Seen<Duration> ahead(JsonNode info) {
        String time = info.path("server").path("time").asText("");
        return time.isEmpty()
                ? Seen.hidden("the server does not tell its time")
                : Seen.of(Duration.between(Instant.parse(info.path("asked").asText()), Instant.parse(time)));
    }

    private static Seen<User> user(JsonNode info) {
        JsonNode data = info.path("data");
        JsonNode publish = data.path("permissions").path("publish");
        long expires = data.path("expires").asLong(0); // nanoseconds
        return Seen.of(new User(
                data.path("user").asText(""),
                data.path("account").asText(""),
                publish.path("allow").isArray() && !publish.path("allow").isEmpty()
                        ? texts(publish.path("allow"))
                        : null,
                texts(publish.path("deny")),
                expires > 0 ? Duration.ofNanos(expires) : null));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asText()));
        return List.copyOf(texts);
    }

    private JetStreamManagement management() throws IOException {
        return connection.jetStreamManagement(
                JetStreamOptions.builder().requestTimeout(PATIENCE).build());
    }

    private Seen<Account> account() {
        try {
            AccountStatistics is = management().getAccountStatistics();
            AccountTier tier = is.getTiers() == null
                    ? null
                    : is.getTiers().get("R" + settings.streams().replicas());
            AccountLimits limits = tier == null ? is.getLimits() : tier.getLimits();
            return Seen.of(
                    tier == null
                            ? account(
                                    is.getStreams(),
                                    is.getConsumers(),
                                    is.getStorage(),
                                    is.getReservedStorage(),
                                    limits)
                            : account(
                                    tier.getStreams(),
                                    tier.getConsumers(),
                                    tier.getStorageBytes(),
                                    tier.getReservedStorageBytes(),
                                    limits));
        } catch (JetStreamApiException e) {
            return Seen.hidden(e.getErrorDescription() + " [" + e.getApiErrorCode() + "]");
        } catch (IOException e) {
            return Seen.hidden(String.valueOf(e.getMessage()));
        }
    }

    private static Account account(long streams, long consumers, long storage, long reserved, AccountLimits limits) {
        return new Account(
                streams,
                limit(limits.getMaxStreams()),
                consumers,
                limit(limits.getMaxConsumers()),
                storage,
                Math.max(0, reserved),
                limit(limits.getMaxStorage()),
                limits.isMaxBytesRequired(),
                limits.getStorageMaxStreamBytes());
    }

    private static long limit(long limit) {
        return limit <= 0 ? -1 : limit;
    }

    private Seen<List<Stream>> streams() {
        try {
            JetStreamManagement management = management();
            List<Stream> streams = new ArrayList<>();
            for (StreamInfo info : management.getStreams()) {
                streams.add(stream(management, info));
            }
            return Seen.of(List.copyOf(streams));
        } catch (JetStreamApiException e) {
            return Seen.hidden(e.getErrorDescription() + " [" + e.getApiErrorCode() + "]");
        } catch (IOException e) {
            return Seen.hidden(String.valueOf(e.getMessage()));
        }
    }

    private Stream stream(JetStreamManagement management, StreamInfo info) {
        String name = info.getConfiguration().getName();
        Address address = address(name, info);
        Map<String, String> metadata = info.getConfiguration().getMetadata();
        return new Stream(
                name,
                info.getConfiguration().getSubjects(),
                metadata == null ? null : metadata.get(Consumers.TENANT),
                address == null ? null : address.tenant().value(),
                address == null ? null : StreamShapes.of(address, info),
                info.getConfiguration().getReplicas(),
                address != null && wantsConsumers
                        ? consumers(management, name)
                        : Seen.hidden("nobody asks for a consumer"));
    }

    /** Whose stream it is: by name for a tenant that is known, else by what the stream says itself. */
    private @Nullable Address address(String name, StreamInfo info) {
        Address byName = known.get(name);
        if (byName != null) {
            return byName;
        }
        Optional<Address> byItself = Consumers.tenant(info.getConfiguration())
                .flatMap(tenant -> Address.of(tenant, settings.naming()))
                .filter(address -> address.stream().value().equals(name));
        return byItself.orElse(null);
    }

    private static Seen<List<ConsumerActual>> consumers(JetStreamManagement management, String stream) {
        try {
            return Seen.of(management.getConsumers(stream).stream()
                    .map(Consumers::actual)
                    .toList());
        } catch (JetStreamApiException e) {
            return Seen.hidden(e.getErrorDescription() + " [" + e.getApiErrorCode() + "]");
        } catch (IOException e) {
            return Seen.hidden(String.valueOf(e.getMessage()));
        }
    }
}

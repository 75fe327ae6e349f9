package dev.outboxrelay.streams;

import dev.outboxrelay.config.Compression;
import dev.outboxrelay.config.Discard;
import dev.outboxrelay.config.Storage;
import dev.outboxrelay.policy.StreamPlan;
import dev.outboxrelay.policy.StreamPolicy;
import dev.outboxrelay.policy.StreamShape;
import dev.outboxrelay.route.Address;
import io.nats.client.api.CompressionOption;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Between the shapes of policies and what NATS calls them. */
final class StreamShapes {

    private StreamShapes() {}

    static StreamConfiguration.Builder apply(StreamPolicy policy, StreamConfiguration.Builder builder) {
        return builder.maxAge(policy.maxAge())
                .maxMessages(policy.maxMessages())
                .maxBytes(policy.maxBytes())
                .replicas(policy.replicas())
                .discardPolicy(policy.discard() == Discard.NEW ? DiscardPolicy.New : DiscardPolicy.Old)
                .storageType(policy.storage() == Storage.MEMORY ? StorageType.Memory : StorageType.File)
                .compressionOption(
                        policy.compression() == Compression.S2 ? CompressionOption.S2 : CompressionOption.None)
                .duplicateWindow(policy.duplicateWindow());
    }

    static StreamShape of(Address address, StreamInfo info) {
        StreamConfiguration is = info.getConfiguration();
        Map<String, String> metadata = is.getMetadata();
        ZonedDateTime first = info.getStreamState().getFirstTime();
        boolean empty = info.getStreamState().getMsgCount() == 0 || first == null;
        return new StreamShape(
                new StreamPolicy(
                        is.getMaxAge(),
                        limit(is.getMaxMsgs()),
                        limit(is.getMaxBytes()),
                        is.getReplicas(),
                        is.getDiscardPolicy() == DiscardPolicy.New ? Discard.NEW : Discard.OLD,
                        is.getStorageType() == StorageType.Memory ? Storage.MEMORY : Storage.FILE,
                        is.getCompressionOption() == CompressionOption.S2 ? Compression.S2 : Compression.NONE,
                        window(is)),
                obstacle(address, is),
                metadata == null ? null : metadata.get(StreamPlan.MARK_KEY),
                info.getStreamState().getMsgCount(),
                info.getStreamState().getByteCount(),
                empty ? Duration.ZERO : Duration.between(first, info.getTimestamp()),
                is.getAllowAtomicPublish());
    }

    private static long limit(long limit) {
        return limit <= 0 ? -1 : limit;
    }

    /** A server never has one above the age, but what it says is not ours to doubt. */
    private static Duration window(StreamConfiguration is) {
        Duration window = is.getDuplicateWindow();
        boolean above = !is.getMaxAge().isZero() && window.compareTo(is.getMaxAge()) > 0;
        return above ? is.getMaxAge() : window;
    }

    private static @Nullable String obstacle(Address address, StreamConfiguration is) {
        if (is.getSealed()) {
            return "it is sealed and takes nothing any more, for good: copy it and delete it by hand";
        }
        if (is.getRetentionPolicy() != RetentionPolicy.Limits) {
            return "its retention is " + is.getRetentionPolicy() + ", so consumers take messages away for all others;"
                    + " the relay never changes that: make it limits by hand, in a new stream if NATS refuses";
        }
        if (!is.getSubjects().contains(address.subjects())) {
            return "it does not take " + address.subjects() + ": add that subject by hand (nats stream edit)";
        }
        return null;
    }
}

package dev.outboxrelay.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A durable consumer as somebody asked for it, in the configuration or in a row of {@code outbox.consumer}; null means
 * the default.
 *
 * @param filter which subjects below the tenant's prefix, or with it; null is all
 */
public record ConsumerWish(
        String name,
        @Nullable String filter,
        @Nullable Duration ackWait,
        @Nullable Integer maxAckPending,
        @Nullable Integer maxDeliver,
        @Nullable List<Duration> backoff) {

    private static final Pattern NAME = Pattern.compile("[!-~&&[^.*>/\\\\]]{1,255}");

    public ConsumerWish {
        backoff = backoff == null ? null : List.copyOf(backoff);
    }

    /** What is wrong with a name; empty when the server takes it. */
    public static Optional<String> nameProblem(String name) {
        return NAME.matcher(name).matches()
                ? Optional.empty()
                : Optional.of("is not 1 to 255 printable ASCII characters without . * > / and \\");
    }

    /** What is wrong with the form of a filter; whose subjects it may name is judged elsewhere. */
    public static Optional<String> filterProblem(String filter) {
        String[] tokens = filter.split("\\.", -1);
        for (int i = 0; i < tokens.length; i++) {
            String token = tokens[i];
            if (token.isEmpty()) {
                return Optional.of("has an empty token");
            }
            if (token.equals(">") && i < tokens.length - 1) {
                return Optional.of("has > before its last token");
            }
            if (token.codePoints().anyMatch(ConsumerWish::isBlank)) {
                return Optional.of("has a blank or control character");
            }
            if (token.length() > 1 && (token.contains("*") || token.contains(">"))) {
                return Optional.of("has a wildcard that is no token of its own");
            }
        }
        return Optional.empty();
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
    }

    /** What is wrong with it as a whole, whoever's it is; empty when it can be tried. */
    public Optional<String> problem(ConsumerSettings.Defaults defaults) {
        Optional<String> name = nameProblem(this.name).map(why -> "the name " + why);
        if (name.isPresent()) {
            return name;
        }
        Optional<String> subject =
                filter == null ? Optional.empty() : filterProblem(filter).map(why -> "the filter subject " + why);
        if (subject.isPresent()) {
            return subject;
        }
        if (isNotPositive(ackWait) || (backoff != null && backoff.stream().anyMatch(ConsumerWish::isNotPositive))) {
            return Optional.of("a wait of nothing or less");
        }
        if (isNoBound(maxAckPending) || isNoBound(maxDeliver)) {
            return Optional.of("a bound that is neither -1 nor positive");
        }
        int most = maxDeliver == null ? defaults.maxDeliver() : maxDeliver;
        List<Duration> pauses = backoff == null ? defaults.backoff() : backoff;
        return most > 0 && pauses.size() > most
                ? Optional.of(pauses.size() + " backoff pauses, but only " + most + " deliveries")
                : Optional.empty();
    }

    private static boolean isNotPositive(@Nullable Duration wait) {
        return wait != null && (wait.isNegative() || wait.isZero());
    }

    private static boolean isNoBound(@Nullable Integer bound) {
        return bound != null && bound != -1 && bound < 1;
    }
}

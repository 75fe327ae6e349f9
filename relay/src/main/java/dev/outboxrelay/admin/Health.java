package dev.outboxrelay.admin;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Judges whether this process should live on ({@code /livez}) and whether it does its job ({@code /readyz}).
 *
 * <p>An end that is away never costs the life: a restart would not bring it back. Only a wedged pipeline does. While
 * the relay stops it is never wedged: the drain has its own time limit, and being killed is what the drain wants to
 * avoid.
 *
 * <p>Pure and immutable.
 */
public record Health(Verdict live, Verdict ready) {

    /** The answer to one question: yes or no, and a line for each thing that is to be said. */
    public record Verdict(boolean ok, List<String> lines) {

        public Verdict {
            lines = List.copyOf(lines);
        }

        int httpStatus() {
            return ok ? 200 : 503;
        }

        String body() {
            return String.join("\n", lines) + "\n";
        }
    }

    /**
     * Judges the facts as of {@code now}.
     *
     * @param wedgedAfter how old the pipeline's heartbeat may be
     */
    public static Health of(HealthFacts facts, Instant now, Duration wedgedAfter) {
        List<String> wedged = wedged(facts, now, wedgedAfter);
        List<String> wrong = new ArrayList<>(wedged);
        wrong.addAll(roleProblem(facts));
        wrong.addAll(connectionProblem("postgres", facts.source()));
        if (facts.role() != Role.STANDBY) {
            wrong.addAll(connectionProblem("nats", facts.nats())); // a standby has no use for it
        }
        return new Health(
                wedged.isEmpty() ? new Verdict(true, List.of("alive")) : new Verdict(false, wedged),
                wrong.isEmpty() ? new Verdict(true, List.of(readyLine(facts))) : new Verdict(false, wrong));
    }

    private static List<String> wedged(HealthFacts facts, Instant now, Duration wedgedAfter) {
        Duration silent = Duration.between(facts.pipelineHeartbeat(), now);
        if (facts.role() == Role.STOPPING || silent.compareTo(wedgedAfter) <= 0) {
            return List.of();
        }
        return List.of("wedged: the pipeline made no heartbeat for " + silent.toSeconds() + " s (limit "
                + wedgedAfter.toSeconds() + " s); take a thread dump, then restart this process");
    }

    private static List<String> roleProblem(HealthFacts facts) {
        return switch (facts.role()) {
            case LEADER, STANDBY -> List.of();
            case STARTING, STOPPING -> List.of(word(facts.role()) + " since " + second(facts.roleSince()));
        };
    }

    private static List<String> connectionProblem(String end, Connection connection) {
        if (connection.connected()) {
            return List.of();
        }
        String why = connection.lastError();
        return List.of(end + ": not connected since " + second(connection.since())
                + (why == null ? "" : ": " + why.replaceAll("\\R", " ")));
    }

    private static String readyLine(HealthFacts facts) {
        return word(facts.role()) + " since " + second(facts.roleSince())
                + (facts.role() == Role.STANDBY ? ", postgres connected" : ", postgres and nats connected");
    }

    private static String word(Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    private static Instant second(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS);
    }
}

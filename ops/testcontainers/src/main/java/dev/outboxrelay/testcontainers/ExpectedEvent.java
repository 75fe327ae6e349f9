package dev.outboxrelay.testcontainers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What a test expects of one event. Immutable. */
public final class ExpectedEvent {

    private record Condition(String words, Predicate<ReceivedEvent> holds) {}

    private final List<Condition> conditions;

    private ExpectedEvent(List<Condition> conditions) {
        this.conditions = conditions;
    }

    /** An event with this subject, written as the application writes it. */
    public static ExpectedEvent event(String subject) {
        return new ExpectedEvent(
                List.of(new Condition(subject, event -> event.subject().equals(subject))));
    }

    /** The same, with this value of a header. */
    public ExpectedEvent withHeader(String name, String value) {
        return with(
                "with " + name + ": " + value,
                event -> value.equals(event.headers().get(name)));
    }

    /** The same, with exactly this text as its body. */
    public ExpectedEvent withPayload(String text) {
        return with("with payload " + text, event -> event.text().equals(text));
    }

    /** The same, with this id of its row. */
    public ExpectedEvent withId(String id) {
        return with("with id " + id, event -> event.id().equals(id));
    }

    /** The same, with anything else that can be said of it; the words are for the message of a failure. */
    public ExpectedEvent with(String words, Predicate<ReceivedEvent> condition) {
        List<Condition> all = new ArrayList<>(conditions);
        all.add(new Condition(words, condition));
        return new ExpectedEvent(List.copyOf(all));
    }

    boolean fits(ReceivedEvent event) {
        return conditions.stream().allMatch(condition -> condition.holds.test(event));
    }

    @Override
    public String toString() {
        return String.join(" ", conditions.stream().map(Condition::words).toList());
    }
}

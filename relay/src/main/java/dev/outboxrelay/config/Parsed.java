package dev.outboxrelay.config;

import java.util.function.Function;

/** What came of reading one text: a value, or why it is none. */
sealed interface Parsed<T> {

    /** Answers for both: the first function where there is a value, else the second with the reason. */
    <R> R fold(Function<T, R> onValue, Function<String, R> onBad);

    record Value<T>(T value) implements Parsed<T> {
        @Override
        public <R> R fold(Function<T, R> onValue, Function<String, R> onBad) {
            return onValue.apply(value);
        }
    }

    /**
     * No value, and why.
     *
     * @param why completes the sentence "'text' …", such as {@code is not a whole number from 1 to 5}
     */
    record Bad<T>(String why) implements Parsed<T> {
        @Override
        public <R> R fold(Function<T, R> onValue, Function<String, R> onBad) {
            return onBad.apply(why);
        }
    }

    static <T> Parsed<T> value(T value) {
        return new Value<>(value);
    }

    static <T> Parsed<T> bad(String why) {
        return new Bad<>(why);
    }

    default <U> Parsed<U> map(Function<T, U> change) {
        return fold(value -> value(change.apply(value)), Parsed::bad);
    }
}

package dev.outboxrelay.demo;

import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/** The JSON of one event: mostly some hundred bytes, now and then up to about 100 KB. Pure. */
final class OrderPayload {

    private static final int USUAL_NOTE = 600;
    private static final int LONG_NOTE = 20_000;
    private static final int LONGEST_NOTE = 100_000;
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz äöüß €";

    private OrderPayload() {}

    /** Small only, for events of a large transaction. */
    static byte[] small(String orderId, int line, RandomGenerator random) {
        return json(orderId, line, random, random.nextInt(USUAL_NOTE));
    }

    static byte[] any(String orderId, int line, RandomGenerator random) {
        int kind = random.nextInt(200);
        int note = random.nextInt(kind == 0 ? LONGEST_NOTE : kind < 6 ? LONG_NOTE : USUAL_NOTE);
        return json(orderId, line, random, note);
    }

    private static byte[] json(String orderId, int line, RandomGenerator random, int bytes) {
        StringBuilder json = new StringBuilder(bytes + 120)
                .append("{\"order\":\"")
                .append(orderId)
                .append("\",\"line\":")
                .append(line)
                .append(",\"quantity\":")
                .append(random.nextInt(1, 10))
                .append(",\"note\":\"");
        for (int i = 0; i < bytes; i++) {
            json.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return json.append("\"}").toString().getBytes(StandardCharsets.UTF_8);
    }
}

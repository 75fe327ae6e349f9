package dev.outboxrelay.publish;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.ServerErrors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what a stream answers to a message. What nearly every answer says, that the message is stored, is read without
 * parsing a document. Pure.
 */
final class PubAck {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] SEQUENCE = "\"seq\":".getBytes(StandardCharsets.US_ASCII);
    private static final int DIGITS = 18;

    private PubAck() {}

    /** @param stream whose answer it has to be */
    static PublishOutcome read(byte[] answer, String stream) {
        long sequence = plain(answer, stream);
        return sequence > 0 ? new PublishOutcome.Stored(sequence) : parse(answer, stream);
    }

    /** The sequence in an answer that has nothing but this stream's name and a sequence; 0 in any other. */
    private static long plain(byte[] answer, String stream) {
        int at = after(answer, 0, opening(stream));
        if (at > 0 && at < answer.length && answer[at] == ' ') {
            at++;
        }
        at = at < 0 ? at : after(answer, at, SEQUENCE);
        if (at < 0 || answer.length - at > DIGITS + 1 || answer[answer.length - 1] != '}') {
            return 0;
        }
        long sequence = 0;
        for (int i = at; i < answer.length - 1; i++) {
            int digit = answer[i] - '0';
            if (digit < 0 || digit > 9) {
                return 0;
            }
            sequence = sequence * 10 + digit;
        }
        return sequence;
    }

    private static byte[] opening(String stream) {
        return ("{\"stream\":\"" + stream + "\",").getBytes(StandardCharsets.UTF_8);
    }

    /** Where what is wanted ends if it begins here; negative if it does not. */
    private static int after(byte[] bytes, int from, byte[] wanted) {
        int to = from + wanted.length;
        return to <= bytes.length && Arrays.equals(bytes, from, to, wanted, 0, wanted.length) ? to : -1;
    }

    /** The same for the answer to the last message of a batch. */
    static BatchOutcome readBatch(byte[] answer, String stream) {
        PublishOutcome outcome = parse(answer, stream);
        if (outcome instanceof PublishOutcome.Failed failed) {
            return new BatchOutcome.Failed(failed.failure());
        }
        long messages = number(answer, "count");
        if (outcome instanceof PublishOutcome.Stored stored && messages > 0) {
            return new BatchOutcome.Stored(stored.sequence(), messages);
        }
        return new BatchOutcome.Failed(
                Failure.doubt("no_batch", "the server answered to a batch as if it were single messages"));
    }

    private static long number(byte[] answer, String field) {
        try {
            return JSON.readTree(answer).path(field).asLong();
        } catch (IOException e) {
            return 0;
        }
    }

    private static PublishOutcome parse(byte[] answer, String stream) {
        if (answer.length == 0) {
            return failed(Failure.doubt("empty", "an empty answer"));
        }
        JsonNode json;
        try {
            json = JSON.readTree(answer);
        } catch (IOException e) {
            return failed(Failure.doubt("io", "an answer that is no JSON"));
        }
        JsonNode error = json.path("error");
        if (error.isObject()) {
            String said = error.path("description").asText();
            return failed(ServerErrors.of(error.path("err_code").asInt(), said));
        }
        String from = json.path("stream").asText();
        long sequence = json.path("seq").asLong(-1);
        if (from.isEmpty() || sequence < 0) {
            return failed(Failure.doubt("io", "an answer without stream and sequence"));
        }
        if (!from.equals(stream)) {
            return failed(new Failure(
                    Failure.Kind.TENANT_TROUBLE,
                    "wrong_stream",
                    "stream " + from + " answered for " + stream + ": two streams take this tenant's subjects"));
        }
        return json.path("duplicate").asBoolean()
                ? new PublishOutcome.Duplicate(sequence)
                : new PublishOutcome.Stored(sequence);
    }

    private static PublishOutcome failed(Failure failure) {
        return new PublishOutcome.Failed(failure);
    }
}

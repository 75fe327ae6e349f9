package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.Kind;
import dev.outboxrelay.dlq.Letter;
import dev.outboxrelay.dlq.LetterDesk;
import dev.outboxrelay.dlq.LetterFilter;
import dev.outboxrelay.dlq.State;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Shows everything about letters; the payload only when asked for it. */
@Command(
        name = "show",
        description = "Shows everything about letters, whatever their state; the payload with --payload.")
final class DlqShowCommand implements Callable<Integer> {

    private static final int MOST = 1_000;

    /** How a payload is printed. */
    enum As {
        TEXT,
        HEX,
        BASE64,
        RAW
    }

    /** A form by its name in lower case. */
    static final class AsConverter implements ITypeConverter<As> {
        @Override
        public As convert(String text) {
            return Arrays.stream(As.values())
                    .filter(as -> as.name().toLowerCase(Locale.ROOT).equals(text))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of text, hex, base64, raw"));
        }
    }

    private final Map<String, String> environment;
    private final OutputStream raw;

    @Mixin
    private DatabaseOptions database = new DatabaseOptions();

    @Parameters(
            arity = "1..*",
            paramLabel = "LETTER",
            description = "Letters by number (the column SEQ) or by event id (the header Nats-Msg-Id).")
    private List<String> letters = new ArrayList<>();

    @Option(
            names = "--payload",
            paramLabel = "AS",
            converter = AsConverter.class,
            description =
                    "Prints the payload too: text (control characters escaped), hex, base64, or raw (nothing else is"
                            + " printed, of one letter).")
    @Nullable
    private As payload;

    @Option(names = "--json", description = "Prints one JSON object a line.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    DlqShowCommand(Map<String, String> environment) {
        this(environment, new PrintStream(new FileOutputStream(FileDescriptor.out)));
    }

    /** @param raw where bytes go that are printed as they are */
    DlqShowCommand(Map<String, String> environment, OutputStream raw) {
        this.environment = environment;
        this.raw = raw;
    }

    @Override
    public Integer call() throws DeskException, IOException {
        DatabaseOptions.Access access = database.read(environment, spec.commandLine());
        try (LetterDesk desk = LetterDesk.open(access.postgres())) {
            LetterFilter filter = LetterOptions.named(letters, access.postgres().slot());
            List<Letter> found = desk.list(filter, EnumSet.allOf(State.class), MOST);
            if (found.isEmpty()) {
                PrintWriter err = spec.commandLine().getErr();
                err.println("No such letter of slot " + access.postgres().slot() + ". See outbox-relay dlq list.");
                err.flush();
                return ExitCode.FAILED;
            }
            if (payload == As.RAW) {
                printRaw(desk, found);
            } else {
                print(desk, found);
            }
        }
        return ExitCode.FINE;
    }

    private void printRaw(LetterDesk desk, List<Letter> found) throws DeskException, IOException {
        if (found.size() != 1 || json) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--payload raw is for one letter and without --json; these are " + found.size());
        }
        raw.write(desk.payload(found.get(0).seq()).orElse(new byte[0]));
        raw.flush();
    }

    private void print(LetterDesk desk, List<Letter> found) throws DeskException {
        PrintWriter out = spec.commandLine().getOut();
        for (Letter letter : found) {
            String body =
                    payload == null ? null : text(desk.payload(letter.seq()).orElse(new byte[0]), payload);
            if (json) {
                ObjectNode object = LetterJson.whole(letter);
                if (payload != null) {
                    object.put("payload_" + payload.name().toLowerCase(Locale.ROOT), body);
                }
                out.println(object);
            } else {
                lines(letter, body, out);
            }
        }
        out.flush();
    }

    private static void lines(Letter letter, @Nullable String body, PrintWriter out) {
        boolean event = letter.kind() == Kind.EVENT;
        out.println(
                "letter " + letter.seq() + ": " + letter.state().code() + (event ? "" : ", given up by a consumer"));
        line(out, "tenant", letter.tenant());
        line(out, "subject", letter.subject());
        line(out, "headers", letter.headers());
        if (letter.replaySubject() != null) {
            line(out, "subject, corrected", letter.replaySubject());
        }
        if (letter.replayHeaders() != null) {
            line(out, "headers, corrected", letter.replayHeaders());
        }
        line(out, "event", letter.eventId());
        line(out, event ? "table" : "consumer", letter.source());
        line(out, "reason", letter.reason());
        line(out, "error", letter.error());
        line(out, "attempts", Integer.toString(letter.attempts()));
        line(out, "committed", letter.committedAt());
        line(out, "first failed", letter.firstFailedAt());
        line(out, "dead", letter.deadAt());
        line(out, "resolved", letter.resolvedAt());
        line(out, "payload", letter.payloadBytes() == null ? null : letter.payloadBytes() + " bytes");
        if (body != null) {
            out.println(body);
        }
        out.println();
    }

    private static void line(PrintWriter out, String name, @Nullable Object value) {
        out.printf("  %-20s%s%n", name, Printable.of(value == null ? null : value.toString()));
    }

    private static String text(byte[] bytes, As as) {
        return switch (as) {
            case HEX -> HexFormat.of().formatHex(bytes);
            case BASE64 -> Base64.getEncoder().encodeToString(bytes);
            case TEXT, RAW -> Printable.of(decoded(bytes));
        };
    }

    /** As UTF-8, or byte by byte where it is none. */
    private static String decoded(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }
}

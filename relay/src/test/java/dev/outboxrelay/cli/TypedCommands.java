package dev.outboxrelay.cli;

import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.api.CompressionOption;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * Does what the commands that are printed for psql and nats do, without these programs, which a test cannot count on.
 * It knows the options that are printed and refuses all others.
 */
final class TypedCommands {

    private final TestPostgres postgres;
    private final io.nats.client.Connection nats;

    TypedCommands(TestPostgres postgres, io.nats.client.Connection nats) {
        this.postgres = postgres;
        this.nats = nats;
    }

    void type(String line) throws Exception {
        List<String> words = words(line);
        String command = String.join(" ", words.subList(0, Math.min(3, words.size())));
        if (command.startsWith("psql ")) {
            psql(words);
        } else if (command.startsWith("nats stream edit")) {
            edit(words);
        } else if (command.startsWith("nats stream add")) {
            add(words);
        } else if (command.startsWith("nats consumer rm")) {
            streams().deleteConsumer(words.get(3), words.get(4));
        } else if (command.startsWith("nats req ")) {
            request(words.get(2), words.get(3));
        } else {
            throw new AssertionError("no such command: " + line);
        }
    }

    /** As a shell does: blanks part words, single quotes hold them together. */
    static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean quoted = false;
        boolean begun = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\'') {
                quoted = !quoted;
                begun = true;
            } else if (c == '\\' && !quoted) {
                i++;
                word.append(line.charAt(i));
                begun = true;
            } else if (c == ' ' && !quoted) {
                if (begun) {
                    words.add(word.toString());
                }
                word.setLength(0);
                begun = false;
            } else {
                word.append(c);
                begun = true;
            }
        }
        if (begun) {
            words.add(word.toString());
        }
        return words;
    }

    private void psql(List<String> words) throws Exception {
        if (words.get(1).contains("replication=database")) {
            Properties properties = new Properties();
            properties.setProperty("user", TestPostgres.RELAY);
            properties.setProperty("password", postgres.password(TestPostgres.RELAY));
            properties.setProperty("replication", "database");
            properties.setProperty("preferQueryMode", "simple");
            properties.setProperty("assumeMinServerVersion", "15");
            try (Connection connection = DriverManager.getConnection(postgres.jdbcUrl(), properties);
                    Statement statement = connection.createStatement()) {
                statement.execute(words.get(words.indexOf("-c") + 1));
            }
            return;
        }
        String database = words.get(words.indexOf("-d") + 1);
        StringBuilder files = new StringBuilder();
        for (int i = 0; i < words.size(); i++) {
            if (words.get(i).equals("-f")) {
                files.append(Files.readString(Repository.root().resolve(words.get(i + 1))))
                        .append('\n');
            }
        }
        postgres.execute(database, files.toString());
    }

    private JetStreamManagement streams() throws Exception {
        return nats.jetStreamManagement();
    }

    private void edit(List<String> words) throws Exception {
        StreamConfiguration is = streams().getStreamInfo(words.get(3)).getConfiguration();
        streams().updateStream(options(StreamConfiguration.builder(is), words).build());
    }

    private void add(List<String> words) throws Exception {
        streams()
                .addStream(options(StreamConfiguration.builder().name(words.get(3)), words)
                        .build());
    }

    private static StreamConfiguration.Builder options(StreamConfiguration.Builder builder, List<String> words) {
        List<String> subjects = new ArrayList<>();
        Map<String, String> metadata = new HashMap<>();
        for (String word : words.subList(4, words.size())) {
            String[] option = word.split("=", 2);
            switch (option[0]) {
                case "--subjects" -> subjects.add(option[1]);
                case "--max-age" -> builder.maxAge(option[1].equals("-1") ? Duration.ZERO : duration(option[1]));
                case "--max-msgs" -> builder.maxMessages(Long.parseLong(option[1]));
                case "--max-bytes" -> builder.maxBytes(Long.parseLong(option[1]));
                case "--replicas" -> builder.replicas(Integer.parseInt(option[1]));
                case "--discard" ->
                    builder.discardPolicy(option[1].equals("new") ? DiscardPolicy.New : DiscardPolicy.Old);
                case "--storage" ->
                    builder.storageType(option[1].equals("memory") ? StorageType.Memory : StorageType.File);
                case "--compression" ->
                    builder.compressionOption(option[1].equals("s2") ? CompressionOption.S2 : CompressionOption.None);
                case "--dupe-window" -> builder.duplicateWindow(duration(option[1]));
                case "--metadata" -> {
                    String[] pair = option[1].split("=", 2);
                    metadata.put(pair[0], pair[1]);
                }
                case "-f", "--defaults", "--no-allow-direct", "--retention" -> {}
                default -> throw new AssertionError("no such option: " + word);
            }
        }
        if (!subjects.isEmpty()) {
            builder.subjects(subjects);
        }
        return metadata.isEmpty() ? builder : builder.metadata(metadata);
    }

    private static Duration duration(String text) {
        return Duration.parse("PT" + text.replace("ms", "E-3S").replaceAll("(\\d+)E-3S", "0.$1S"));
    }

    private void request(String subject, String body) throws Exception {
        Message answer = nats.request(subject, body.getBytes(StandardCharsets.UTF_8), Duration.ofSeconds(5));
        String text = answer == null ? "nothing" : new String(answer.getData(), StandardCharsets.UTF_8);
        if (!text.contains("\"config\"")) {
            throw new AssertionError(subject + " answers " + text);
        }
    }
}

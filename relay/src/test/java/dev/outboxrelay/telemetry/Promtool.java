package dev.outboxrelay.telemetry;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Prometheus's own judgement. */
final class Promtool {

    private Promtool() {}

    /** What it ended with and said. */
    record Said(int exit, String text) {}

    static Said run(Path folder, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Repository.promtool().toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(process.waitFor(), said);
    }

    /** Has it parse expressions: each as a recording rule of a file of its own making. */
    static Said parse(Path folder, List<String> expressions) throws IOException, InterruptedException {
        StringBuilder rules = new StringBuilder("groups:\n  - name: expressions\n    rules:\n");
        for (int i = 0; i < expressions.size(); i++) {
            rules.append("      - record: expression:n")
                    .append(i)
                    .append("\n        expr: '")
                    .append(expressions.get(i).replace("'", "''").replace('\n', ' '))
                    .append("'\n");
        }
        Path file = Files.writeString(folder.resolve("expressions.yml"), rules);
        return run(folder, "check", "rules", file.toString());
    }
}

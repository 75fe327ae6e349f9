package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.InstallCommand;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Helm chart, rendered by Helm itself, without a cluster. Helm throws {@link IllegalStateException} with its message.
 *
 * @param folder the chart's
 * @param scratch where files of values may be written
 */
record Chart(Path folder, Path scratch) {

    /** Helm as a library believes in Kubernetes 1.20 where nothing is said. */
    private static final String KUBERNETES = "1.32.0";

    private static final String HOOK = "helm.sh/hook";
    private static final String FORMER_HOOK = "hook.invalid/hook";

    /** The chart of the repository. */
    static Chart ofRelay(Path scratch) {
        return new Chart(charts().resolve("outbox-relay"), scratch);
    }

    /** A copy of the sample application's chart, beside a copy of the relay's, with its dependency fetched by Helm. */
    static Chart ofApplication(Path scratch) throws IOException {
        copy(charts(), scratch.resolve("charts"));
        Chart application = new Chart(scratch.resolve("charts/example"), scratch);
        new Helm(application.folder).dependency().update().skipRefresh().call();
        return application;
    }

    private static Path charts() {
        return Repository.root().resolve("ops/kubernetes/helm");
    }

    LintResult lint() {
        return new Helm(folder).lint().strict().call();
    }

    /** What an installation makes, but for hooks. */
    Manifests render(String release, String... values) throws IOException {
        return renderOn(KUBERNETES, release, values);
    }

    /** The same for some version of Kubernetes. */
    Manifests renderOn(String kubernetes, String release, String... values) throws IOException {
        TemplateCommand template = new Helm(folder)
                .template()
                .withName(release)
                .withNamespace("shop")
                .withKubeVersion(kubernetes);
        for (Path file : files(values)) {
            template.withValuesFile(file);
        }
        return Manifests.parse(template.call());
    }

    /**
     * The hooks alone, each under {@link #events}. The library prints none, so a copy has an annotation in its place.
     */
    Manifests hooks(String release, String... values) throws IOException {
        Path copy = Files.createTempDirectory(scratch, "hooks");
        copy(folder, copy);
        try (Stream<Path> files = Files.walk(copy)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.writeString(file, Files.readString(file).replace(HOOK, FORMER_HOOK));
            }
        }
        return new Manifests(new Chart(copy, scratch)
                .render(release, values).documents().stream()
                        .filter(document -> !events(document).isEmpty())
                        .toList());
    }

    /** When a hook runs: pre-install, pre-upgrade, test. Empty for what is no hook. */
    static List<String> events(JsonNode document) {
        String events = document.at("/metadata/annotations").path(FORMER_HOOK).asText();
        return events.isEmpty() ? List.of() : List.of(events.split(",", -1));
    }

    /** What Helm says to who has installed it. */
    String notes(String release, String... values) throws IOException {
        InstallCommand install = new Helm(folder)
                .install()
                .withName(release)
                .withNamespace("shop")
                .withKubeVersion(KUBERNETES)
                .clientOnly()
                .dryRun();
        for (Path file : files(values)) {
            install.withValuesFile(file);
        }
        return String.valueOf(install.call().getOutput());
    }

    /** A copy in which one text of one file is another. Throws if the file has it not. */
    Chart with(String file, String text, String replacement) throws IOException {
        Path copy = Files.createTempDirectory(scratch, "changed");
        copy(folder, copy);
        Path changed = copy.resolve(file);
        String before = Files.readString(changed);
        if (!before.contains(text)) {
            throw new AssertionError(file + " has no \"" + text + "\"");
        }
        Files.writeString(changed, before.replace(text, replacement));
        return new Chart(copy, scratch);
    }

    private List<Path> files(String... values) throws IOException {
        List<Path> files = new ArrayList<>();
        for (String text : values) {
            files.add(Files.writeString(Files.createTempFile(scratch, "values", ".yaml"), text));
        }
        return files;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> paths = Files.walk(from)) {
            paths.forEach(path -> {
                Path target = to.resolve(from.relativize(path).toString());
                try {
                    if (Files.isDirectory(path)) {
                        Files.createDirectories(target);
                    } else {
                        Files.copy(path, target);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}

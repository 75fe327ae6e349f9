package dev.outboxrelay.demo;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The SQL files of {@code schema/} that a DBA installs, as they were packed into this jar. */
final class SchemaFiles {

    private static final Pattern VERSIONED = Pattern.compile("V(\\d+)__.*\\.sql");
    private static final String SLOT = "slot.sql";

    /** One file. */
    record SqlFile(String name, String text) {}

    private SchemaFiles() {}

    /** All of them in the order of installation: versions first, the slot last. */
    static List<SqlFile> inOrder() throws IOException {
        URL slot = SchemaFiles.class.getResource("/schema/" + SLOT);
        if (slot == null) {
            throw new IOException("schema/" + SLOT + " is not in the jar");
        }
        try {
            URI uri = slot.toURI();
            if (!uri.getScheme().equals("jar")) {
                return read(Path.of(uri).resolveSibling("."));
            }
            try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
                return read(jar.getPath("/schema"));
            }
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private static List<SqlFile> read(Path folder) throws IOException {
        List<SqlFile> read = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> versions = files.filter(file -> version(file) >= 0)
                    .sorted(Comparator.comparingInt(SchemaFiles::version))
                    .toList();
            for (Path file : versions) {
                read.add(new SqlFile(file.getFileName().toString(), Files.readString(file)));
            }
        }
        read.add(new SqlFile(SLOT, Files.readString(folder.resolve(SLOT))));
        return read;
    }

    private static int version(Path file) {
        Matcher name = VERSIONED.matcher(file.getFileName().toString());
        return name.matches() ? Integer.parseInt(name.group(1)) : -1;
    }
}

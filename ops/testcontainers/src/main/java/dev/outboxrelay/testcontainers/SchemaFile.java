package dev.outboxrelay.testcontainers;

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

/** One of the SQL files that a DBA installs, as they were packed beside this class. */
record SchemaFile(String name, String text) {

    private static final Pattern VERSIONED = Pattern.compile("V(\\d+)__.*\\.sql");
    private static final String SLOT = "slot.sql";

    /** The versions in order. */
    static List<SchemaFile> versions() throws IOException {
        return all().stream()
                .filter(file -> file.version() > 0)
                .sorted(Comparator.comparingInt(SchemaFile::version))
                .toList();
    }

    static SchemaFile slot() throws IOException {
        return all().stream().filter(file -> file.name.equals(SLOT)).findFirst().orElseThrow();
    }

    private int version() {
        Matcher matcher = VERSIONED.matcher(name);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static List<SchemaFile> all() throws IOException {
        URL slot = SchemaFile.class.getResource("schema/" + SLOT);
        if (slot == null) {
            throw new IOException("the SQL files are not on the class path");
        }
        try {
            URI uri = slot.toURI();
            if (!uri.getScheme().equals("jar")) {
                return in(Path.of(uri).resolveSibling(""));
            }
            String text = uri.toString();
            try (FileSystem jar = FileSystems.newFileSystem(
                    URI.create(text.substring(0, text.indexOf('!'))), Map.<String, Object>of())) {
                return in(jar.getPath(text.substring(text.indexOf('!') + 1)).resolveSibling(""));
            }
        } catch (URISyntaxException e) {
            throw new IOException("cannot read " + slot, e);
        }
    }

    private static List<SchemaFile> in(Path folder) throws IOException {
        List<SchemaFile> files = new ArrayList<>();
        try (Stream<Path> paths = Files.list(folder)) {
            for (Path path : paths.toList()) {
                files.add(new SchemaFile(path.getFileName().toString(), Files.readString(path)));
            }
        }
        return files;
    }
}

package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Makes PEM certificates and keys with the {@code openssl} of this machine. One thread. */
public final class Certificates {

    /** A certificate's file and its key's. */
    public record Pair(Path certificate, Path key) {}

    private static final List<String> NEW_KEY = List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1");

    private final Path folder;

    public Certificates(Path folder) {
        this.folder = folder;
    }

    /** A certificate authority. */
    public Pair authority(String name) {
        Pair pair = pair(name);
        run(
                NEW_KEY,
                "req",
                "-x509",
                "-nodes",
                "-keyout",
                pair.key().toString(),
                "-out",
                pair.certificate().toString(),
                "-subj",
                "/CN=" + name,
                "-days",
                "2");
        return pair;
    }

    /** A certificate that is good from now on. */
    public Pair signed(Pair authority, String file, String commonName, String alternativeNames) {
        return signed(authority, file, commonName, alternativeNames, 2);
    }

    /** A certificate that was good until yesterday. */
    public Pair expired(Pair authority, String file, String commonName, String alternativeNames) {
        return signed(authority, file, commonName, alternativeNames, -1);
    }

    private Pair signed(Pair authority, String file, String commonName, String alternativeNames, int days) {
        Pair pair = pair(file);
        Path request = folder.resolve(file + ".csr");
        run(
                NEW_KEY,
                "req",
                "-nodes",
                "-keyout",
                pair.key().toString(),
                "-out",
                request.toString(),
                "-subj",
                "/CN=" + commonName,
                "-addext",
                "subjectAltName=" + alternativeNames);
        run(
                List.of(),
                "x509",
                "-req",
                "-in",
                request.toString(),
                "-CA",
                authority.certificate().toString(),
                "-CAkey",
                authority.key().toString(),
                "-CAcreateserial",
                "-copy_extensions",
                "copy",
                "-days",
                Integer.toString(days),
                "-out",
                pair.certificate().toString());
        return pair;
    }

    /** The same key in another form, such as {@code ec -in KEY -out OTHER}. */
    public void openssl(String... arguments) {
        run(List.of(), arguments);
    }

    /** Lets a server that does not run as root own all of it. */
    public void giveToServers() {
        Unprivileged.give(folder);
    }

    /** Puts a text in the place of a file's in one step, readable by its owner alone. */
    public static Path write(Path file, String text) {
        try {
            Path fresh = file.resolveSibling(file.getFileName() + ".fresh");
            Files.writeString(fresh, text);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
            return Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    private Pair pair(String name) {
        return new Pair(folder.resolve(name + ".pem"), folder.resolve(name + ".key"));
    }

    private static void run(List<String> key, String... arguments) {
        List<String> command = new ArrayList<>(List.of("openssl", arguments[0]));
        command.addAll(key);
        command.addAll(List.of(arguments).subList(1, arguments.length));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + " failed: " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("openssl has to be on the PATH", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in " + command, e);
        }
    }
}

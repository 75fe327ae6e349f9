package dev.outboxrelay.tls;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import org.jspecify.annotations.Nullable;

/**
 * A file that a setting names. It is read whenever it is needed, so that what is put in its place counts from the next
 * connection on.
 *
 * @param setting its key, for messages
 */
public record SecretFile(String setting, Path path) {

    /** Its text without a line end at the end. */
    public String text() throws SecretFileException {
        String text;
        try {
            text = Files.readString(path, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw wrong("does not exist", "put it there, or name another one in " + setting);
        } catch (AccessDeniedException e) {
            throw wrong("may not be read by this user", "give the user that the relay runs as the right to read it");
        } catch (CharacterCodingException e) {
            throw wrong("is not text", "name a text file (PEM, not DER) in " + setting);
        } catch (IOException e) {
            String why = Files.isDirectory(path) ? "is a directory" : "cannot be read (" + e.getMessage() + ")";
            throw wrong(why, "name a file that this user may read in " + setting);
        }
        String stripped = text.replaceFirst("\\R\\z", "");
        if (stripped.isBlank()) {
            throw wrong("is empty", "write the secret into it; a new file is best moved into its place in one step");
        }
        return stripped;
    }

    /** Why this file is open to people whom it is none of the business, or null. */
    public @Nullable String exposure() {
        try {
            return Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_READ)
                    ? setting + ": anybody on this machine may read " + path + "; chmod o-rwx " + path
                    : null;
        } catch (IOException | UnsupportedOperationException e) {
            return null; // whoever reads it says what is wrong; other file systems have other rights
        }
    }

    /** That it cannot be used, with why and what to do. */
    public SecretFileException wrong(String why, String nextStep) {
        return new SecretFileException(setting, path, why, nextStep);
    }
}

package dev.outboxrelay.demo;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * How a program is started that refuses to run as root, as PostgreSQL does: in a user namespace of its own, or, where
 * the kernel or a container forbids that, as the user {@code nobody}. For any other user it changes nothing.
 */
enum Unprivileged {
    NOT_ROOT,
    NAMESPACE,
    NOBODY;

    private static final String NOBODY_ID = "65534";

    /** What this machine and user need. */
    static Unprivileged here() throws InterruptedException {
        if (!"root".equals(System.getProperty("user.name"))) {
            return NOT_ROOT;
        }
        return Programs.succeeds(List.of("unshare", "-U", "true")) ? NAMESPACE : NOBODY;
    }

    /** The command without root's rights; the process id stays the same. */
    List<String> command(List<String> command) {
        List<String> prefix = switch (this) {
            case NOT_ROOT -> List.of();
            case NAMESPACE -> List.of("unshare", "-U");
            case NOBODY -> List.of("setpriv", "--reuid=" + NOBODY_ID, "--regid=" + NOBODY_ID, "--clear-groups");
        };
        return Stream.concat(prefix.stream(), command.stream()).toList();
    }

    /** Makes such a program the owner of a folder and all that is in it. */
    void give(Path folder) throws DemoFailed, InterruptedException {
        if (this == NOBODY
                && !Programs.succeeds(List.of("chown", "-R", NOBODY_ID + ":" + NOBODY_ID, folder.toString()))) {
            throw new DemoFailed("cannot give " + folder + " to the user nobody, and PostgreSQL refuses to run as"
                    + " root: run the demo as another user");
        }
    }
}

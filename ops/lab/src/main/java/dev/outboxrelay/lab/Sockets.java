package dev.outboxrelay.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/** Which connections a process has, as Linux tells it: no server has to be believed about who its clients are. */
final class Sockets {

    private static final String ESTABLISHED = "01";
    private static final int REMOTE = 2;
    private static final int STATE = 3;
    private static final int INODE = 9;

    private Sockets() {}

    /** How many open TCP connections the process has to this port. */
    static long connections(long pid, int port) throws IOException {
        Set<String> inodes = inodes(pid);
        long found = 0;
        for (String table : new String[] {"tcp", "tcp6"}) {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/net/" + table))) {
                String[] fields = line.strip().split("\\s+", -1);
                if (fields.length > INODE
                        && fields[STATE].equals(ESTABLISHED)
                        && port(fields[REMOTE]) == port
                        && inodes.contains(fields[INODE])) {
                    found++;
                }
            }
        }
        return found;
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1), 16);
    }

    private static Set<String> inodes(long pid) throws IOException {
        Set<String> inodes = new HashSet<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                String target = target(descriptor);
                if (target.startsWith("socket:[")) {
                    inodes.add(target.substring("socket:[".length(), target.length() - 1));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return inodes;
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // closed in between
        }
    }
}

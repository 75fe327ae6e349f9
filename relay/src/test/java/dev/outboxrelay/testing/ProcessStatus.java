package dev.outboxrelay.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What Linux tells of a process in {@code /proc}, see proc(5); zero where there is no such process. Any thread. */
public final class ProcessStatus {

    /** Processor time is told in hundredths of a second (USER_HZ). */
    private static final long TICK_MILLIS = 10;

    // fields of /proc/PID/stat behind the name, counted from 0: utime is the 14th of the line, cutime the 16th
    private static final int UTIME = 11;
    private static final int CUTIME = 13;

    private static final int TRIES = 10;

    private ProcessStatus() {}

    /** Processor time of the process itself. */
    public static Duration cpu(long pid) {
        return times(pid, UTIME);
    }

    /** Processor time of those children that have ended and that the process has waited for. */
    public static Duration cpuOfEndedChildren(long pid) {
        return times(pid, CUTIME);
    }

    /** Processor time of the process and of all its children, living and ended: of a PostgreSQL server, say. */
    public static Duration cpuWithChildren(long pid) {
        Duration all = Duration.ZERO;
        for (int i = 0; i < TRIES; i++) {
            List<Long> children = children(pid);
            all = cpu(pid).plus(cpuOfEndedChildren(pid));
            for (long child : children) {
                all = all.plus(cpu(child)).plus(cpuOfEndedChildren(child));
            }
            if (children(pid).equals(children)) {
                return all;
            }
            // a child that ended in between was counted twice or not at all
        }
        return all;
    }

    /** The highest resident size so far, in MB. */
    public static long peakResidentMb(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    private static List<Long> children(long pid) {
        return ProcessHandle.of(pid).stream()
                .flatMap(ProcessHandle::children)
                .map(ProcessHandle::pid)
                .sorted()
                .toList();
    }

    /** The sum of two fields that follow each other: user and system time. */
    private static Duration times(long pid, int first) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            // pid (name) state …: a name may hold blanks and parentheses
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return Duration.ofMillis(TICK_MILLIS * (Long.parseLong(fields[first]) + Long.parseLong(fields[first + 1])));
        } catch (IOException e) {
            return Duration.ZERO;
        }
    }
}

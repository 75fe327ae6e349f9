package dev.outboxrelay.lab;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/** What a benchmark ran on, for the record. */
final class Machine {

    private Machine() {}

    static String describe(Servers servers) throws Exception {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return String.format(
                Locale.ROOT,
                "%d processors and %d GB for everything, %s, JDK %s, PostgreSQL %s with fsync=%s, nats-server %s",
                Runtime.getRuntime().availableProcessors(),
                system.getTotalMemorySize() >> 30,
                System.getProperty("os.name"),
                System.getProperty("java.version"),
                servers.value("SHOW server_version"),
                servers.value("SHOW fsync"),
                servers.nats().connection().getServerInfo().getVersion());
    }
}

package dev.outboxrelay.testcontainers;

import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;

/** The Docker engine that tests of this module need. */
final class Docker {

    private Docker() {}

    /**
     * Returns if an engine answers. Otherwise it says on stderr what is not tested, and skips the calling test; with
     * {@code -Ddocker=required} it throws instead.
     */
    static void assume(Class<?> test) {
        if (DockerClientFactory.instance().isDockerAvailable()) {
            return;
        }
        String what = test.getSimpleName() + " DID NOT RUN: no Docker engine answers here";
        if (System.getProperty("docker", "").equals("required")) {
            throw new IllegalStateException(what + ", and -Ddocker=required asks for one.");
        }
        System.err.println("[WARNING] " + what);
        Assumptions.abort(what);
    }
}

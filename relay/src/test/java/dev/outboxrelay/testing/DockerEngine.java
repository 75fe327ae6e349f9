package dev.outboxrelay.testing;

import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;

/** The Docker engine that tests in containers need, wherever one can be had. */
public final class DockerEngine {
    private static final String REQUIRED = "required";

    private DockerEngine() {}

    /**
     * Returns if an engine answers. Otherwise it says on stderr what is not tested, and skips the calling test; with
     * {@code -Ddocker=required}, which the CI script gives when it has started an engine, it throws instead.
     */
    public static void assume(Class<?> test) {
        if (DockerClientFactory.instance().isDockerAvailable()) {
            return;
        }
        String what = test.getSimpleName() + " DID NOT RUN: no Docker engine answers here, so nothing was tried in"
                + " containers. Start Docker, or run ops/docker-check as root, which brings an engine of its own.";
        if (ServerMode.property("docker", "optional").equals(REQUIRED)) {
            throw new IllegalStateException(what + " It was asked for by -Ddocker=required.");
        }
        String line = "*".repeat(100);
        System.err.println(line + "\n[WARNING] " + what + "\n" + line);
        Assumptions.abort(what);
    }
}

package dev.outboxrelay.testing;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotModifiedException;
import java.time.Duration;
import org.testcontainers.containers.ContainerFetchException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/**
 * A server as a container with fixed host ports.
 *
 * <p>Being killed and restarted it stays the same container with the same writable layer, so data and ports are kept.
 */
final class ServerContainer implements Server {
    private static final int STOP_SECONDS = 30;
    private static final Duration DEATH_DEADLINE = Duration.ofSeconds(20);

    private final String name;
    private final GenericContainer<?> container;
    private boolean created;

    ServerContainer(String name, GenericContainer<?> container) {
        this.name = name;
        this.container = container.waitingFor(new NoWait());
    }

    @Override
    public String host() {
        return container.getHost();
    }

    @Override
    public void start() {
        if (!created) {
            create();
            return;
        }
        if (isRunning()) {
            throw new IllegalStateException(name + " runs already");
        }
        docker().startContainerCmd(container.getContainerId()).exec();
    }

    private void create() {
        try {
            container.start();
            created = true;
        } catch (ContainerFetchException e) {
            throw new IllegalStateException(
                    "the Docker engine cannot have the image of " + name + ": name one that it has in -Dpostgres.image"
                            + " and -Dnats.image; ops/docker-check makes some where no registry can be reached",
                    e);
        }
    }

    @Override
    public void stop() {
        if (!isRunning()) {
            return;
        }
        resume();
        try {
            docker().stopContainerCmd(container.getContainerId())
                    .withTimeout(STOP_SECONDS)
                    .exec();
        } catch (NotModifiedException alreadyStopped) {
            // It ended by itself in between.
        }
        awaitDeath();
    }

    @Override
    public void kill() {
        if (!isRunning()) {
            return;
        }
        resume(); // A paused container takes the signal only when it goes on.
        try {
            docker().killContainerCmd(container.getContainerId()).exec();
        } catch (ConflictException alreadyDead) {
            // It ended by itself in between.
        }
        awaitDeath();
    }

    @Override
    public void pause() {
        docker().pauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void resume() {
        if (Boolean.TRUE.equals(state().getPaused())) {
            docker().unpauseContainerCmd(container.getContainerId()).exec();
        }
    }

    @Override
    public void signal(String signal) {
        docker().killContainerCmd(container.getContainerId())
                .withSignal("SIG" + signal)
                .exec();
    }

    @Override
    public boolean isRunning() {
        return created && Boolean.TRUE.equals(state().getRunning());
    }

    @Override
    public String lastLog() {
        return wholeLog();
    }

    @Override
    public String wholeLog() {
        return created ? container.getLogs() : "";
    }

    @Override
    public void close() {
        if (isRunning()) {
            resume();
        }
        container.stop();
        created = false;
    }

    private void awaitDeath() {
        Await.until(name + " is gone", DEATH_DEADLINE, () -> !isRunning());
    }

    private ContainerState state() {
        return docker().inspectContainerCmd(container.getContainerId()).exec().getState();
    }

    private DockerClient docker() {
        return container.getDockerClient();
    }

    /** Whether a server answers is asked in one way for processes and containers, after the start. */
    private static final class NoWait extends AbstractWaitStrategy {
        @Override
        protected void waitUntilReady() {}
    }
}

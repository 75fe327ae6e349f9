package dev.outboxrelay.demo;

import java.nio.file.Path;

/** Where the two servers' programs come from. */
record Binaries(Path natsServer, PostgresArchive postgres) {}

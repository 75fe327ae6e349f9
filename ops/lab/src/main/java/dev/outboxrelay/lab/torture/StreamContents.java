package dev.outboxrelay.lab.torture;

import java.util.List;

/**
 * A whole stream.
 *
 * @param first its first sequence
 * @param last its last sequence
 * @param messages in order
 */
record StreamContents(String name, long first, long last, List<Stored> messages) {}

package dev.outboxrelay.lab.torture;

import java.util.List;

/**
 * What operators did to one tenant.
 *
 * @param limited whether its stream took small messages only for a while
 * @param archives what its earlier streams held, the first one first
 * @param commands the event ids that were handed over for a replay by one command each, in the order of their arrival
 */
record Operated(boolean limited, List<StreamContents> archives, List<List<String>> commands) {

    static final Operated NOT_AT_ALL = new Operated(false, List.of(), List.of());
}

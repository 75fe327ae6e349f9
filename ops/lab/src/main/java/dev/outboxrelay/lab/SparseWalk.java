package dev.outboxrelay.lab;

import static dev.outboxrelay.lab.IsolationReport.say;

import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.Repository;
import java.nio.file.Files;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One drain each away from the headline: other row sizes, one tenant and a thousand, three replicas. Each line names
 * what is different from rows of 500 bytes for 50 tenants in streams of one replica.
 */
final class SparseWalk {

    /** A place off the headline, and who is measured there. */
    private record Cell(String what, Load load, int nodes, List<String> keys) {}

    private static final List<Cell> CELLS = List.of(
            new Cell("100 bytes", new Load(200_000, 100, 50), 1, List.of("a", "d", "e")),
            new Cell("5 KB", new Load(60_000, 5_000, 50), 1, List.of("a", "d", "d-mark", "e")),
            new Cell("500 KB", new Load(1_000, 500_000, 50), 1, List.of("a", "d", "e")),
            // more than a lane keeps in memory: the relay parks most of it, since it has no place to spill to
            new Cell("1 tenant", new Load(100_000, 500, 1), 1, List.of("d", "e")),
            new Cell("1000 tenants", new Load(200_000, 500, 1_000), 1, List.of("d", "d-mark", "e")),
            new Cell(
                    "3 replicas",
                    new Load(100_000, 500, 50),
                    3,
                    List.of("b-acks", "b-fast", "b-atomic", "d", "d-batches", "e")));

    private static final String ROW = "%-14s %-38s %9s %8s %9s %7s %7s %18s %9s";

    private final List<Contender> contenders;
    private final List<String> only;
    private final int rounds;
    private boolean wrong;

    /** Where it can go. */
    static List<String> places() {
        return CELLS.stream().map(Cell::what).toList();
    }

    /**
     * Goes nowhere yet.
     *
     * @param only the places to go to; none means all
     * @param rounds how often everybody is measured at a place, by turns
     */
    SparseWalk(List<Contender> contenders, List<String> only, int rounds) {
        this.rounds = rounds;
        this.contenders = contenders;
        this.only = only;
    }

    /** Measures on these servers, and on new ones where there are to be more of them; false if anything was wrong. */
    boolean run(Servers servers) throws Exception {
        say("");
        say("One drain each, off the headline: rows of 500 bytes, 50 tenants, one replica, settle keep, but for");
        say(ROW, "", "", "events/s", "MB/s", "Postgres", "NATS", "client", "RSS, NATS, PG", "heap");
        for (Cell cell : CELLS) {
            if (!only.isEmpty() && !only.contains(cell.what())) {
                continue;
            }
            if (cell.nodes() == servers.nodes()) {
                walk(servers, cell);
            } else {
                try (Servers more =
                        Servers.start(PostgresOptions.defaults().with("track_commit_timestamp", "on"), cell.nodes())) {
                    walk(more, cell);
                }
            }
        }
        return !wrong;
    }

    private void walk(Servers servers, Cell cell) throws Exception {
        TreeMap<String, Contender> byKey =
                new TreeMap<>(contenders.stream().collect(Collectors.toMap(Contender::key, Function.identity())));
        servers.postgres().execute(Files.readString(Repository.root().resolve("schema/optional/grant-delete.sql")));
        Load spent = null;
        List<String> keys = Collections.nCopies(rounds, cell.keys()).stream()
                .flatMap(List::stream)
                .toList();
        for (String key : keys) {
            Contender contender = byKey.get(key);
            if (contender == null) {
                continue;
            }
            if (!cell.load().equals(spent)) {
                Backlog.renew(servers, cell.load());
            }
            spent = contender.spends() ? null : cell.load();
            try {
                print(cell, contender, contender.drain(servers, cell.load()));
            } catch (IllegalStateException e) {
                say("%-14s %-38s %s", cell.what(), contender.title(), HeadlineBench.firstLine(e));
            }
        }
    }

    private void print(Cell cell, Contender contender, Measured measured) {
        Measured.Sizes sizes = measured.sizes();
        say(
                ROW,
                cell.what(),
                contender.title(),
                HeadlineReport.figure("%,.0f", measured.rate()),
                HeadlineReport.figure("%.1f", measured.rate() * cell.load().bytes() / 1e6),
                HeadlineReport.figure("%.1f", measured.postgres()),
                HeadlineReport.figure("%.1f", measured.nats()),
                HeadlineReport.figure("%.1f", measured.client()),
                sizes.client() == 0 ? "-" : sizes.client() + ", " + sizes.nats() + ", " + sizes.postgres(),
                HeadlineReport.figure("%,.0f", measured.allocated()));
        if (!measured.wrong().isEmpty()) {
            wrong = true;
            say("WRONG  %s: %s", contender.title(), measured.wrong());
        }
    }
}

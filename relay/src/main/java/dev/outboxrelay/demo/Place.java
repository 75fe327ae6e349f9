package dev.outboxrelay.demo;

import java.util.List;

/** Where everything is, for people: what runs, and the commands to look at it. Pure. */
record Place(String postgresVersion, Login operator, String natsVersion, String natsUrl, String adminUrl) {

    List<String> servers(Style style) {
        return List.of(style.dim(
                "PostgreSQL " + postgresVersion + " at " + address("127.0.0.1:" + operator.port()) + "  →  relay at "
                        + address(adminUrl) + "  →  nats-server " + natsVersion + " at " + address(natsUrl)));
    }

    private static String address(String url) {
        return url.substring(url.lastIndexOf(':'));
    }

    List<String> commands(Style style) {
        String tenant = SampleTenant.ALL.get(1).id();
        return List.of(
                style.bold("Look around from another terminal:"),
                "  nats -s " + natsUrl + " stream ls",
                "  nats -s " + natsUrl + " sub 'tenant." + tenant + ".>' --headers-only",
                "  PGPASSWORD=" + operator.password().secret() + " psql -h 127.0.0.1 -p " + operator.port() + " -U "
                        + operator.user() + " " + operator.database(),
                style.dim("    select tenant_id, status, count(*) from outbox.message group by 1, 2 order by 1;"),
                "  curl -s " + adminUrl + "/api/status");
    }
}

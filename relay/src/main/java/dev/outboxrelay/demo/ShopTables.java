package dev.outboxrelay.demo;

import java.util.stream.Collectors;

/**
 * The shop's own tables.
 *
 * <p>{@code commit_order} is how the demo knows in which order transactions committed without asking the relay: the
 * last statement of each takes its tenant's next number. The row lock on the tenant is held until the commit record is
 * written, so numbers and commits are in the same order; before that statement a tenant's transactions run side by
 * side, and their rows interleave.
 */
final class ShopTables {

    static final String SQL = """
            CREATE TABLE shop.tenant (id text PRIMARY KEY, commits bigint NOT NULL DEFAULT 0);
            CREATE TABLE shop.orders (
              id uuid PRIMARY KEY,
              tenant_id text NOT NULL REFERENCES shop.tenant,
              placed_at timestamptz NOT NULL DEFAULT now(),
              total_cents bigint NOT NULL);
            CREATE TABLE shop.order_items (
              order_id uuid NOT NULL REFERENCES shop.orders,
              line integer NOT NULL,
              sku text NOT NULL,
              quantity integer NOT NULL,
              PRIMARY KEY (order_id, line));
            CREATE TABLE shop.commit_order (
              trace_id text PRIMARY KEY, tenant_id text NOT NULL, number bigint NOT NULL, UNIQUE (tenant_id, number));
            GRANT USAGE ON SCHEMA shop TO outbox_operator;
            GRANT SELECT ON ALL TABLES IN SCHEMA shop TO outbox_operator;
            INSERT INTO shop.tenant (id) VALUES %s;
            """.formatted(
            SampleTenant.ALL.stream().map(tenant -> "('" + tenant.id() + "')").collect(Collectors.joining(", ")));

    private ShopTables() {}
}

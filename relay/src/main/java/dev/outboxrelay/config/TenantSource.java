package dev.outboxrelay.config;

import java.util.List;
import java.util.Map;

/** Where a row says whose event it is. */
public sealed interface TenantSource {

    /** The columns that it needs. */
    List<String> columns();

    /** A column holds the tenant id. */
    record Column(String column) implements TenantSource {
        @Override
        public List<String> columns() {
            return List.of(column);
        }
    }

    /** Every row is this tenant's. */
    record Constant(String tenant) implements TenantSource {
        @Override
        public List<String> columns() {
            return List.of();
        }
    }

    /**
     * A JSON document in a column holds the tenant id.
     *
     * @param path names of fields from the outside in
     */
    record JsonPath(String column, List<String> path) implements TenantSource {
        public JsonPath {
            path = List.copyOf(path);
            if (path.isEmpty()) {
                throw new IllegalArgumentException("a path needs at least one name");
            }
        }

        @Override
        public List<String> columns() {
            return List.of(column);
        }
    }

    /**
     * What is found there stands for a tenant.
     *
     * @param of where the value is found
     * @param tenants value to tenant id; a row with any other value is malformed
     */
    record Lookup(TenantSource of, Map<String, String> tenants) implements TenantSource {
        public Lookup {
            tenants = Map.copyOf(tenants);
        }

        @Override
        public List<String> columns() {
            return of.columns();
        }
    }
}

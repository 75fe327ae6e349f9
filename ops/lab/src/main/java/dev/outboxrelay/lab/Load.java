package dev.outboxrelay.lab;

/**
 * The rows that every contender is to move.
 *
 * @param rows a multiple of a thousand and of the tenants
 * @param bytes of each payload
 */
record Load(int rows, int bytes, int tenants) {

    /** So many rows are one transaction. */
    static final int TRANSACTION = 1_000;

    Load {
        if (rows < TRANSACTION || rows % TRANSACTION != 0 || tenants < 1 || rows % tenants != 0) {
            throw new IllegalArgumentException(rows + " rows for " + tenants
                    + " tenants: give a number of rows that both " + TRANSACTION + " and the tenants divide");
        }
        if (bytes < Long.BYTES) {
            throw new IllegalArgumentException(
                    "payloads of " + bytes + " bytes: a number of " + Long.BYTES + " goes in");
        }
    }

    /** How many rows each tenant has. */
    int each() {
        return rows / tenants;
    }

    /** About a quarter of it, for whoever would take too long for all. */
    Load quarter() {
        int transactions = Math.max(1, rows / 4 / TRANSACTION);
        while (transactions * TRANSACTION % tenants != 0) {
            transactions++;
        }
        return new Load(transactions * TRANSACTION, bytes, tenants);
    }
}

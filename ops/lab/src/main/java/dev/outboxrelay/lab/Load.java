package dev.outboxrelay.lab;

/**
 * The rows that every contender is to move.
 *
 * @param rows a multiple of a transaction (a thousand, fewer of large ones) and of the tenants
 * @param bytes of each payload
 */
record Load(int rows, int bytes, int tenants) {

    /** So many rows are one transaction, unless they are large. */
    private static final int TRANSACTION = 1_000;

    private static final int TRANSACTION_BYTES = 5_000_000;

    Load {
        if (bytes < Long.BYTES) {
            throw new IllegalArgumentException(
                    "payloads of " + bytes + " bytes: a number of " + Long.BYTES + " goes in");
        }
        if (rows < transaction(bytes) || rows % transaction(bytes) != 0 || tenants < 1 || rows % tenants != 0) {
            throw new IllegalArgumentException(rows + " rows for " + tenants
                    + " tenants: give a number of rows that both " + transaction(bytes) + " and the tenants divide");
        }
    }

    private static int transaction(int bytes) {
        return Math.min(TRANSACTION, Math.max(1, TRANSACTION_BYTES / bytes));
    }

    /** How many rows are one transaction. */
    int transaction() {
        return transaction(bytes);
    }

    /** How many rows each tenant has. */
    int each() {
        return rows / tenants;
    }

    /** About a quarter of it, for whoever would take too long for all. */
    Load quarter() {
        int transactions = Math.max(1, rows / 4 / transaction());
        while (transactions * transaction() % tenants != 0) {
            transactions++;
        }
        return new Load(transactions * transaction(), bytes, tenants);
    }
}

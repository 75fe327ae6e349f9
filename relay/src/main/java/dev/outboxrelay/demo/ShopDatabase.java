package dev.outboxrelay.demo;

import dev.outboxrelay.demo.SchemaFiles.SqlFile;
import java.io.IOException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/**
 * The database of the sample shop, with the outbox installed as a DBA installs it. Each of the three works under a role
 * of its own with exactly the rights that the schema grants it.
 *
 * @param relay the relay's role
 * @param app the shop's role: owns its tables, and may insert into the outbox because it was granted
 *     {@code outbox_writer}
 * @param operator a person's role: reads all of the outbox, because it was granted {@code outbox_operator}
 */
record ShopDatabase(Login relay, Login app, Login operator) {

    private static final String DATABASE = "shop";

    /** Installs everything as the superuser, and then the shop's own tables as the shop. */
    static ShopDatabase install(Login superuser, SecureRandom random) throws DemoFailed {
        ShopDatabase shop = new ShopDatabase(
                login(superuser, "outbox_relay", random),
                login(superuser, "shop_app", random),
                login(superuser, "demo_operator", random));
        Login owner = new Login(superuser.port(), DATABASE, superuser.user(), superuser.password());
        String step = "CREATE DATABASE " + DATABASE;
        try {
            run(superuser, step);
            for (SqlFile file : SchemaFiles.inOrder()) {
                step = "schema/" + file.name();
                run(owner, file.text());
            }
            step = "the demo's roles";
            run(owner, """
                    ALTER ROLE outbox_relay PASSWORD '%s';
                    CREATE ROLE shop_app LOGIN PASSWORD '%s' IN ROLE outbox_writer;
                    CREATE ROLE demo_operator LOGIN PASSWORD '%s' IN ROLE outbox_operator;
                    CREATE SCHEMA shop AUTHORIZATION shop_app;
                    """.formatted(
                            shop.relay.password().secret(),
                            shop.app.password().secret(),
                            shop.operator.password().secret()));
            step = "the shop's tables";
            run(shop.app, ShopTables.SQL);
            return shop;
        } catch (SQLException | IOException e) {
            throw new DemoFailed("cannot install " + step, e);
        }
    }

    private static Login login(Login superuser, String role, SecureRandom random) {
        return new Login(superuser.port(), DATABASE, role, Password.random(random));
    }

    /** The server itself splits the text into statements, as with {@code psql -c}. */
    private static void run(Login login, String sql) throws SQLException {
        try (Connection connection = login.open(Map.of("preferQueryMode", "simple"));
                Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        }
    }
}

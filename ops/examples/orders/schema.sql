-- The sample application's own tables. It may write its orders, and events by being a member of outbox_writer.
CREATE SCHEMA shop;
CREATE TABLE shop.orders (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant    text NOT NULL,
  item      text NOT NULL,
  quantity  integer NOT NULL,
  placed_at timestamptz NOT NULL DEFAULT now()
);
GRANT USAGE ON SCHEMA shop TO shop_app;
GRANT INSERT, SELECT ON shop.orders TO shop_app;

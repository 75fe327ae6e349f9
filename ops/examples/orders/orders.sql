-- What the sample application does, again and again: orders, and for each the event that others are to see.
\o /dev/null
WITH placed AS (
  INSERT INTO shop.orders (tenant, item, quantity)
  SELECT (ARRAY['acme', 'acme', 'acme', 'acme', 'globex', 'globex', 'initech', 'umbrella'])[1 + floor(random() * 8)],
         (ARRAY['anvil', 'rocket', 'magnet', 'spring'])[1 + floor(random() * 4)],
         1 + floor(random() * 9)
  FROM generate_series(1, :orders)
  RETURNING *
)
SELECT count(outbox.publish(tenant, 'events.order.placed', convert_to(to_jsonb(placed)::text, 'UTF8'),
                            '{"Content-Type": "application/json"}'))
FROM placed
\watch :pause

-- Payments of each asked customer in a window, by direction, what they are for and, where it matters, the way.
SELECT r.row_number, e.kind, count(e.kind) AS times
FROM asked_rows AS r
INNER JOIN (
  SELECT
    customer_id, event_time,
    CASE direction WHEN 'in' THEN 'received: ' ELSE 'paid: ' END || coalesce(category, 'other')
    || CASE WHEN channel IN ('transfer', 'order', 'branch') THEN ' by ' || channel ELSE '' END
    || CASE
      WHEN channel = 'transfer' AND direction = 'out' AND counterparty_bank <> $own_bank THEN ' to another bank'
      ELSE ''
    END AS kind
  FROM customer_transaction
  WHERE status <> 'declined'
) AS e
  ON e.customer_id = r.customer_id
  AND e.event_time >= r.window_from
  AND e.event_time < r.window_to
GROUP BY r.row_number, e.kind

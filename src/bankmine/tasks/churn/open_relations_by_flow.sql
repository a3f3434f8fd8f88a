-- Customers of the wanted kind whose relation with the bank is open at the cutoff; at stake, where the bank has
-- no statements of balances, is the money received in the last 45 days.
SELECT c.customer_id, coalesce(b.received_minor, 0) AS value_minor
FROM customer AS c
LEFT JOIN (
  SELECT customer_id, sum(base_minor) AS received_minor
  FROM customer_transaction
  WHERE event_time >= make_timestamptz($since)
    AND direction = 'in'
    AND status <> 'declined'
  GROUP BY customer_id
) AS b
  ON b.customer_id = c.customer_id
WHERE c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
  AND c.since IS NOT NULL

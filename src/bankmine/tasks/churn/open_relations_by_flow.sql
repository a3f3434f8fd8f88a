-- Customers of the wanted kind whose relation with the bank is open at the cutoff; at stake, where the bank has
-- no statements of balances, is the money received in the last 45 days, what came on a joint account divided
-- among its owners (the primary one bears what is left over).
WITH joint AS (
  SELECT transaction_id, 1 + count(*) AS owners
  FROM customer_transaction
  WHERE event_time >= make_timestamptz($since) AND NOT is_primary
  GROUP BY transaction_id
),
booked AS (
  SELECT
    t.customer_id, t.status, t.direction,
    t.base_minor // coalesce(j.owners, 1)
    + CASE WHEN t.is_primary THEN t.base_minor % coalesce(j.owners, 1) ELSE 0 END AS share_minor
  FROM customer_transaction AS t
  LEFT JOIN joint AS j ON j.transaction_id = t.transaction_id
  WHERE t.event_time >= make_timestamptz($since)
)
SELECT c.customer_id, coalesce(b.received_minor, 0) AS value_minor
FROM customer AS c
LEFT JOIN (
  SELECT customer_id, CAST(sum(share_minor) AS BIGINT) AS received_minor
  FROM booked
  WHERE direction = 'in'
    AND status <> 'declined'
  GROUP BY customer_id
) AS b
  ON b.customer_id = c.customer_id
WHERE c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
  AND c.since IS NOT NULL

-- Customers with an open relation who paid by card at least ten times in the last 92 days, the last time within
-- 40; at stake is what they paid.
-- What is booked on a joint account is divided among its owners (the primary one bears what is left over).
WITH joint AS (
  SELECT transaction_id, 1 + count(*) AS owners
  FROM customer_transaction
  WHERE event_time >= make_timestamptz($quarter) AND NOT is_primary
  GROUP BY transaction_id
),
booked AS (
  SELECT
    t.customer_id, t.transaction_id, t.event_time, t.status, t.direction, t.card_id,
    t.base_minor // coalesce(j.owners, 1)
    + CASE WHEN t.is_primary THEN t.base_minor % coalesce(j.owners, 1) ELSE 0 END AS share_minor
  FROM customer_transaction AS t
  LEFT JOIN joint AS j ON j.transaction_id = t.transaction_id
  WHERE t.event_time >= make_timestamptz($quarter)
)
SELECT t.customer_id, CAST(sum(t.share_minor) AS BIGINT) AS value_minor
FROM booked AS t
INNER JOIN customer AS c ON c.customer_id = t.customer_id
WHERE t.direction = 'out'
  AND t.status <> 'declined'
  AND t.card_id IS NOT NULL
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id
HAVING count(t.transaction_id) >= 10 AND max(t.event_time) >= make_timestamptz($lately)

-- Customers with an open relation who got a salary or pension at least five times in the last 183 days, the last
-- time within 40 days; at stake is what came in the last 92.
-- What is booked on a joint account is divided among its owners (the primary one bears what is left over).
WITH joint AS (
  SELECT transaction_id, 1 + count(*) AS owners
  FROM customer_transaction
  WHERE event_time >= make_timestamptz($half_year) AND NOT is_primary
  GROUP BY transaction_id
),
booked AS (
  SELECT
    t.customer_id, t.transaction_id, t.event_time, t.status, t.direction, t.category,
    t.base_minor // coalesce(j.owners, 1)
    + CASE WHEN t.is_primary THEN t.base_minor % coalesce(j.owners, 1) ELSE 0 END AS share_minor
  FROM customer_transaction AS t
  LEFT JOIN joint AS j ON j.transaction_id = t.transaction_id
  WHERE t.event_time >= make_timestamptz($half_year)
)
SELECT
  t.customer_id,
  CAST(sum(CASE WHEN t.event_time >= make_timestamptz($quarter) THEN t.share_minor ELSE 0 END) AS BIGINT)
    AS value_minor
FROM booked AS t
INNER JOIN customer AS c ON c.customer_id = t.customer_id
WHERE t.direction = 'in'
  AND t.status <> 'declined'
  AND t.category IN ('salary', 'pension')
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id
HAVING count(t.transaction_id) >= 5 AND max(t.event_time) >= make_timestamptz($lately)

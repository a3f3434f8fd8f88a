-- Customers with an open relation who got a salary or pension at least five times in the last 183 days, the last
-- time within 40 days; at stake is what came in the last 92.
SELECT
  t.customer_id,
  CAST(sum(CASE WHEN t.event_time >= make_timestamptz($quarter) THEN t.base_minor ELSE 0 END) AS BIGINT)
    AS value_minor
FROM customer_transaction AS t
INNER JOIN customer AS c ON c.customer_id = t.customer_id
WHERE t.event_time >= make_timestamptz($half_year)
  AND t.direction = 'in'
  AND t.status <> 'declined'
  AND t.category IN ('salary', 'pension')
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id
HAVING count(t.transaction_id) >= 5 AND max(t.event_time) >= make_timestamptz($lately)

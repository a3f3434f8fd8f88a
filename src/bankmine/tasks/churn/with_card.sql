-- Customers with an open relation who paid by card at least ten times in the last 92 days, the last time within
-- 40; at stake is what they paid.
SELECT t.customer_id, CAST(sum(t.base_minor) AS BIGINT) AS value_minor
FROM customer_transaction AS t
INNER JOIN customer AS c ON c.customer_id = t.customer_id
WHERE t.event_time >= make_timestamptz($quarter)
  AND t.direction = 'out'
  AND t.status <> 'declined'
  AND t.card_id IS NOT NULL
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id
HAVING count(t.transaction_id) >= 10 AND max(t.event_time) >= make_timestamptz($lately)

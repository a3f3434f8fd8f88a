-- Customers of the wanted kind whose relation with the bank is open at the cutoff; at stake is what the latest
-- statements of the last 45 days say lies on their accounts (nothing below zero).
SELECT c.customer_id, greatest(0, coalesce(b.balance_minor, 0)) AS value_minor
FROM customer AS c
LEFT JOIN (
  SELECT customer_id, sum(balance_minor) AS balance_minor
  FROM (
    SELECT customer_id, account_id, max_by(balance_minor, (event_time, seq)) AS balance_minor
    FROM customer_balance
    WHERE event_time >= make_timestamptz($since)
    GROUP BY customer_id, account_id
  )
  GROUP BY customer_id
) AS b
  ON b.customer_id = c.customer_id
WHERE c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
  AND c.since IS NOT NULL

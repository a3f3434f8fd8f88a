-- Purchases of each customer and civil day of the bank: what was paid out and not declined or taken back.
SELECT t.customer_id, CAST(date_diff('day', DATE '1970-01-01', CAST(timezone($zone, t.event_time) AS DATE)) AS BIGINT) AS day,
  CAST(sum(t.base_minor) AS BIGINT) AS amount_minor
FROM transaction AS t
LEFT JOIN customer AS c ON c.customer_id = t.customer_id
WHERE t.direction = 'out' AND t.status <> 'declined' AND t.reversal_of IS NULL AND t.base_minor > 0
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY ALL
ORDER BY ALL

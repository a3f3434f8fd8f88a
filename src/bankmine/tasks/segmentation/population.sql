-- Customers of the wanted kind with any transaction in the window before the cutoff, and the money they moved
-- in it. A customer of whom the bank does not yet know more than that counts.
SELECT t.customer_id, sum(t.base_minor) AS value_minor
FROM customer_transaction AS t
LEFT JOIN customer AS c USING (customer_id)
WHERE t.status <> 'declined'
  AND t.event_time >= make_timestamptz($since)
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id

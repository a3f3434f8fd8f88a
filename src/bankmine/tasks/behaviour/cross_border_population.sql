-- Customers of the wanted kind whose relation goes on, who paid in the 90 days before the cutoff, but not
-- abroad; value: what they paid. Purchases online are not abroad.
SELECT t.customer_id, sum(t.base_minor) AS value_minor
FROM customer_transaction AS t
INNER JOIN customer AS c USING (customer_id)
WHERE t.direction = 'out'
  AND t.status <> 'declined'
  AND t.event_time >= make_timestamptz($since)
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id
HAVING NOT coalesce(bool_or(t.country <> $home AND coalesce(t.channel, '') <> $remote), FALSE)

-- Customers of the wanted kind whose relation is open and who had any booking in the twelve months before the
-- cutoff, with the money that came in during the last period of the length looked ahead.
SELECT
    t.customer_id,
    coalesce(sum(t.base_minor) FILTER (
        WHERE t.direction = 'in' AND t.event_time >= make_timestamptz($before)
    ), 0) AS value_minor
FROM customer_transaction AS t
LEFT JOIN customer AS c USING (customer_id)
WHERE t.status <> 'declined'
  AND t.event_time >= make_timestamptz($since)
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id

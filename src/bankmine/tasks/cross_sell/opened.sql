-- What was opened between two days, as known at the run's cutoff; the end is exclusive. "joining": it was
-- opened within a month of the beginning of the relation.
SELECT h.customer_id, p.family, h.product_code, h.opened_on,
  coalesce(date_diff('day', c.since, h.opened_on) < 30, FALSE) AS joining
FROM holding AS h
INNER JOIN product AS p USING (product_code)
LEFT JOIN customer AS c ON c.customer_id = h.customer_id
WHERE h.opened_on >= CAST($first_day AS DATE) AND h.opened_on < CAST($end_day AS DATE)
ORDER BY h.customer_id, h.opened_on, h.product_code

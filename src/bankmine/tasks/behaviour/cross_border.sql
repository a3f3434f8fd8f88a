-- True where the customer pays abroad, other than online, from the cutoff until the end of the horizon.
SELECT r.row_number, coalesce(bool_or(t.customer_id IS NOT NULL), FALSE) AS label
FROM asked_rows AS r
LEFT JOIN (
  SELECT customer_id, event_time, country
  FROM customer_transaction
  WHERE direction = 'out' AND status <> 'declined' AND coalesce(channel, '') <> $remote
) AS t
  ON t.customer_id = r.customer_id
  AND t.event_time >= r.cutoff
  AND t.event_time < r.label_end
  AND t.country <> r.home
GROUP BY r.row_number
ORDER BY r.row_number

-- True where the customer made no payment from the cutoff until the horizon's end, as known at the run's cutoff.
-- "asked_rows" holds the customers with their cutoff and the end of the window, which is exclusive.
SELECT r.row_number, count(t.transaction_id) = 0 AS label
FROM asked_rows AS r
LEFT JOIN customer_transaction AS t
  ON t.customer_id = r.customer_id
  AND t.event_time >= r.cutoff
  AND t.event_time < r.label_end
  AND t.direction = 'out'
  AND t.status <> 'declined'
GROUP BY r.row_number
ORDER BY r.row_number

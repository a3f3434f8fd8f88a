-- True where a card that was in use lies still: no payment by card from 30 days after the cutoff until the
-- horizon's end. "asked_rows" holds the customers with the first day after those 30 and the end of the window,
-- which must come later.
SELECT r.row_number, count(t.transaction_id) = 0 AS label
FROM asked_rows AS r
LEFT JOIN (
  SELECT transaction_id, customer_id, event_time
  FROM customer_transaction
  WHERE direction = 'out'
    AND status <> 'declined'
    AND card_id IS NOT NULL
) AS t
  ON t.customer_id = r.customer_id
  AND t.event_time >= r.soon
  AND t.event_time < r.label_end
GROUP BY r.row_number
ORDER BY r.row_number

-- True where the customer's share of wallet goes to other banks: from the cutoff until the horizon's end at least
-- half of what usually comes in within such a time is sent by hand to other banks. "asked_rows" holds the customers
-- with what usually comes in, the window, the name under which the bank itself appears, and the competitors that
-- count (their names between commas; empty for all).
SELECT r.row_number, coalesce(sum(t.base_minor), 0) >= 0.5 * any_value(r.usual_minor) AS label
FROM asked_rows AS r
LEFT JOIN customer_transaction AS t
  ON t.customer_id = r.customer_id
  AND t.event_time >= r.cutoff
  AND t.event_time < r.label_end
  AND t.direction = 'out'
  AND t.status <> 'declined'
  AND t.channel = 'transfer'
  AND t.counterparty_bank <> r.own_bank
  AND (r.competitors = '' OR contains(r.competitors, ',' || t.counterparty_bank || ','))
GROUP BY r.row_number
ORDER BY r.row_number

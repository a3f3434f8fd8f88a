-- True where the customer's wallet goes to other banks: from the cutoff until the horizon's end at least as much
-- is sent by hand to other banks as came in over as many days before the cutoff. "asked_rows" holds the customers
-- with what came in, the window, the name under which the bank itself appears, and the competitors that count (their
-- names between commas; empty for all). What goes from a joint account is divided among its owners, as what came in.
SELECT r.row_number, coalesce(any_value(s.sent_minor), 0) >= any_value(r.usual_minor) AS label
FROM asked_rows AS r
LEFT JOIN (
  SELECT a.row_number, sum(t.base_minor / (1 + coalesce(j.others, 0)) ORDER BY t.transaction_id) AS sent_minor
  FROM asked_rows AS a
  INNER JOIN customer_transaction AS t
    ON t.customer_id = a.customer_id
    AND t.event_time >= a.cutoff
    AND t.event_time < a.label_end
  LEFT JOIN (
    SELECT transaction_id, count(*) AS others
    FROM customer_transaction
    WHERE NOT is_primary
      AND event_time >= (SELECT min(cutoff) FROM asked_rows)
      AND event_time < (SELECT max(label_end) FROM asked_rows)
    GROUP BY transaction_id
  ) AS j
    ON j.transaction_id = t.transaction_id
  WHERE t.direction = 'out'
    AND t.status <> 'declined'
    AND t.channel = 'transfer'
    AND t.counterparty_bank <> a.own_bank
    AND (a.competitors = '' OR contains(a.competitors, ',' || t.counterparty_bank || ','))
  GROUP BY a.row_number
) AS s
  ON s.row_number = r.row_number
GROUP BY r.row_number
ORDER BY r.row_number

-- True where less than a quarter of what usually lies on the customer's accounts is left at the horizon's end: by
-- the latest statement of each account in the window's last 45 days; an account that states nothing holds nothing, and each
-- owner of a joint account holds an equal share.
-- "asked_rows" holds the customers with what usually lies there, and the start and end of those last days.
SELECT r.row_number, coalesce(sum(s.balance_minor), 0) < 0.25 * any_value(r.usual_minor) AS label
FROM asked_rows AS r
LEFT JOIN (
  SELECT a.row_number, max_by(b.balance_minor / o.owners, (b.event_time, b.seq)) AS balance_minor
  FROM asked_rows AS a
  INNER JOIN customer_balance AS b
    ON b.customer_id = a.customer_id
  INNER JOIN (
    SELECT account_id, event_time, count(DISTINCT customer_id) AS owners
    FROM customer_balance
    GROUP BY account_id, event_time
  ) AS o
    ON o.account_id = b.account_id
    AND o.event_time = b.event_time
    AND b.event_time >= a.last_days
    AND b.event_time < a.label_end
  GROUP BY a.row_number, b.account_id
) AS s
  ON s.row_number = r.row_number
GROUP BY r.row_number
ORDER BY r.row_number

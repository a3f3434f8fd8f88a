-- True where the customer ended the relation from the day of the cutoff until the horizon's last day.
-- "asked_rows" holds the customers with the first day of the window and the day after its last.
SELECT r.row_number, coalesce(bool_or(c.closed_on >= r.first_day AND c.closed_on < r.end_day), FALSE) AS label
FROM asked_rows AS r
LEFT JOIN customer AS c ON c.customer_id = r.customer_id
GROUP BY r.row_number
ORDER BY r.row_number

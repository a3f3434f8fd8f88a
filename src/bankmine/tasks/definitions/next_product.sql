-- True where the customer opened a product of the family from the day of the cutoff until the horizon's last day.
-- "asked_rows" holds the customers with the family, the first day of the window and the day after its last.
SELECT r.row_number, coalesce(bool_or(h.opened_on >= r.first_day AND h.opened_on < r.end_day), FALSE) AS label
FROM asked_rows AS r
LEFT JOIN (
  SELECT held.customer_id, held.opened_on, p.family
  FROM holding AS held
  INNER JOIN product AS p ON p.product_code = held.product_code
) AS h
  ON h.customer_id = r.customer_id
  AND h.family = r.family
GROUP BY r.row_number
ORDER BY r.row_number

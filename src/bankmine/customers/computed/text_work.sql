-- The occupation of the customer as known and valid at each row; "asked" as in text_paid.sql.
SELECT a.asked_row, c.occupation, c.kind
FROM asked AS a
JOIN customer_versions AS c
  ON c.customer_id = a.customer_id
  AND c.known_at <= make_timestamptz(a.knowledge) AND c.valid_from <= make_timestamptz(a.cutoff)
QUALIFY row_number() OVER (
  PARTITION BY a.asked_row ORDER BY c.valid_from DESC, c.known_at DESC, c.load_number DESC
) = 1
ORDER BY a.asked_row
